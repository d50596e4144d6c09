"""A department author writes, finds and keeps the notices of that department, and meets no other on any page."""

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from guardian.shortcuts import assign_perm, remove_perm

from audit.access_review.verbs import verbs_of
from backoffice.permissions import may
from notices.models import Delivery, Notice, NoticeUserPermission
from notices.services import NoticeService
from notices.services.writing import WritingMixin
from recipients.models import User
from tests.makers import make_category, make_draft, make_person, make_recipient
from tests.notices.test_admin_writing import ADD, errors, filled

LIST = reverse("admin:notices_notice_changelist")
TRASH = reverse("admin:notices_trashednotice_changelist")


@pytest.fixture
def payroll(db):
    return make_recipient("Payroll")


@pytest.fixture
def own(alice, facilities, dave):
    return make_draft("Lift out of order", author=alice, department=facilities, people=(dave,))


@pytest.fixture
def foreign(alice, payroll, dave):
    """Of another department."""
    return make_draft("Canary of payroll", author=alice, department=payroll, people=(dave,))


@pytest.fixture
def nobodys(alice, dave):
    return make_draft("Canary of no department", author=alice, people=(dave,))


@pytest.fixture
def desk(client, heidi):
    client.force_login(heidi)
    return client


def page(notice, name="change", *args):
    return reverse(f"admin:notices_notice_{name}", args=[notice.pk, *args])


class TestWriting:
    def test_the_form_offers_the_own_department_and_wants_one(self, desk, facilities, payroll):
        field = desk.get(ADD).context["adminform"].form.fields["department"]
        assert list(field.queryset) == [facilities]
        assert field.required
        assert desk.get(ADD).context["adminform"].form["department"].value() == facilities.pk  # there is no other
        assert "This field is required." in errors(desk.post(ADD, filled(department="")))
        assert not Notice.objects.exists()

    def test_the_department_of_others_is_refused_by_the_form_and_by_the_service(self, desk, heidi, payroll):
        assert "Select a valid choice." in errors(desk.post(ADD, filled(department=payroll.pk)))
        with pytest.raises(PermissionDenied, match="may not add “Forged”"):
            NoticeService.save_new(Notice(title="Forged", content="<p>x</p>", department=payroll), actor=heidi)
        assert not Notice.objects.exists()

    def test_a_notice_of_the_own_department_is_saved_and_goes_on_to_its_audience(self, desk, heidi, facilities):
        response = desk.post(ADD, filled(department=facilities.pk))
        notice = Notice.objects.get()
        assert response["Location"] == page(notice, "audience")
        assert (notice.department, notice.created_by) == (facilities, heidi)
        assert notice.history.get().department_id == facilities.pk

    def test_a_notice_is_not_moved_to_a_department_of_others(self, desk, heidi, facilities, payroll, own):
        form = filled(department=payroll.pk, version=own.version)
        assert "Select a valid choice." in errors(desk.post(page(own), form))
        own.department = payroll
        with pytest.raises(PermissionDenied, match="to that department"):
            NoticeService.save_changes(own, actor=heidi, version=own.version)
        own.refresh_from_db()
        assert own.department == facilities
        assert desk.post(page(own), form | {"department": facilities.pk}).status_code == 302

    def test_whoever_writes_everywhere_chooses_any_department_or_none(self, client, alice, facilities, payroll):
        make_recipient("Leeds", kind="site")
        make_recipient("Closed", is_active=False)
        client.force_login(alice)
        field = client.get(ADD).context["adminform"].form.fields["department"]
        assert set(field.queryset) == {facilities, payroll}
        assert client.post(ADD, filled(department="")).status_code == 302
        assert Notice.objects.get().department is None

    def test_a_department_that_is_closed_by_now_may_stay(self, client, alice, own, facilities):
        facilities.is_active = False
        facilities.save()
        client.force_login(alice)
        assert client.post(page(own), filled(department=facilities.pk, version=own.version)).status_code == 302
        own.refresh_from_db()
        assert own.department == facilities

    def test_a_new_draft_from_an_old_version_stays_with_the_department(self, desk, heidi, own, nobodys):
        assert desk.get(page(own, "new_draft", own.history.latest("history_id").pk)).status_code == 200
        made = NoticeService.draft_from_version(own.pk, own.history.latest("history_id").pk, actor=heidi)
        assert made.notice.department == own.department
        assert desk.get(page(nobodys, "new_draft", nobodys.history.latest("history_id").pk)).status_code == 404

    def test_a_department_that_has_notices_is_not_deleted(self, client, frank, own, facilities):
        client.force_login(frank)
        answer = client.post(reverse("admin:recipients_recipient_delete", args=[facilities.pk]), {"reason": ""})
        assert answer.status_code == 409
        assert "Make it inactive instead" in answer.content.decode()


class TestPublishing:
    def test_the_publisher_of_a_department_publishes_its_notices_alone(self, heidi, alice, facilities):
        own = make_draft("Lift", author=alice, department=facilities, recipients=(facilities,))
        other = make_draft("Pay", author=alice, recipients=(facilities,))
        facilities.roleassignment_set.create(user=make_person())
        with pytest.raises(PermissionDenied):
            NoticeService.publish(other.pk, actor=heidi)
        assert NoticeService.publish(own.pk, actor=heidi).is_published

    def test_an_author_who_is_no_publisher_does_not_publish(self, heidi, alice, facilities):
        own = make_draft("Lift", author=alice, department=facilities, recipients=(facilities,))
        facilities.roleassignment_set.create(user=make_person())
        remove_perm("publish_recipient", heidi, facilities)
        assert may(heidi, "change", own)
        with pytest.raises(PermissionDenied, match="may not publish “Lift”"):
            NoticeService.publish(own.pk, actor=heidi)


class TestPagesShowTheirOwnAlone:
    @pytest.fixture(autouse=True)
    def _there(self, own, foreign, nobodys):
        """One of each kind."""

    @pytest.mark.parametrize(
        "query",
        ["", "?q=canary", "?status__exact=draft", "?_facets=True", "?department__id__exact={payroll}", "?created_by__id__exact={alice}"],
    )
    def test_the_list_with_search_filters_and_facets(self, desk, alice, payroll, query):
        body = desk.get(LIST + query.format(payroll=payroll.pk, alice=alice.pk)).content.decode()
        assert "Canary" not in body
        assert "Payroll" not in body
        assert ("Lift out of order" in body) == (query in {"", "?status__exact=draft", "?_facets=True"} or "created_by" in query)

    def test_whoever_sees_departments_is_told_which_one_is_filtered_by(self, client, alice, payroll):
        client.force_login(alice)
        body = client.get(f"{LIST}?department__id__exact={payroll.pk}").content.decode()
        assert "Payroll" in body
        assert "Canary of payroll" in body
        assert "Lift out of order" not in body

    def test_the_filters_name_only_the_categories_that_may_be_seen(self, desk, heidi, client, alice):
        make_category("Redundancies"), make_category("Facilities works")
        assert "Redundancies" not in desk.get(LIST).content.decode()
        client.force_login(alice)
        assert "Redundancies" in client.get(LIST).content.decode()

    @pytest.mark.parametrize("name", ["change", "audience", "delivery", "figures", "readers", "history", "history_as_of"])
    def test_every_tab(self, desk, own, foreign, nobodys, name):
        assert desk.get(page(own, name)).status_code == 200
        for other in (foreign, nobodys):
            answer = desk.get(page(other, name))
            assert answer.status_code in {302, 404}
            assert "Canary" not in answer.content.decode()

    @pytest.mark.parametrize("slug", ["trash", "publish", "schedule"])
    def test_every_act(self, desk, own, foreign, slug):
        assert desk.get(page(own, "act", slug)).status_code == 200
        assert desk.get(page(foreign, "act", slug)).status_code == 404
        assert desk.post(page(foreign, "act", slug), {"version": foreign.version, "people": 1}).status_code == 404
        foreign.refresh_from_db()
        assert foreign.status == "draft"

    def test_the_trash(self, desk, heidi, alice, own, foreign):
        for notice in (own, foreign):
            NoticeService.delete(notice.pk, actor=alice)
        body = desk.get(TRASH).content.decode()
        assert "Lift out of order" in body
        assert "Canary" not in body
        assert desk.get(page(foreign, "act", "restore")).status_code == 404
        assert desk.get(page(own, "act", "restore")).status_code == 200
        NoticeService.restore(own.pk, actor=heidi)

    def test_an_act_on_rows_outside_the_list(self, desk, own, foreign):
        chosen = {"action": "trash_selected", "_selected_action": [own.pk, foreign.pk]}
        body = desk.post(LIST, chosen).content.decode()
        assert "Lift out of order" in body
        assert "Canary" not in body
        desk.post(LIST, chosen | {"confirmed": "1", f"seen-{own.pk}": f"{own.version}-0", f"seen-{foreign.pk}": f"{foreign.version}-0"})
        assert list(Notice.objects.filter(pk__in=[own.pk, foreign.pk])) == [foreign]

    def test_today(self, desk, alice, own, foreign, dave):
        for notice in (own, foreign):
            NoticeService.publish(notice.pk, actor=alice)
        Delivery.objects.update(state="failed", reason="No such mailbox")
        NoticeService.mark_as_read(foreign, dave)
        response = desk.get("/admin/")
        assert "Canary" not in response.content.decode()
        assert {figure.label: figure.number for figure in response.context["figures"]}["Published this week"] == 1
        assert response.context["may_write"]
        response = desk.get("/admin/today/progress/")
        assert "Canary" not in response.content.decode()
        assert [row.title for section in response.context["sections"] for row in section.rows] == ["Lift out of order"]
        assert response.context["charts"] == []

    def test_the_readers_of_an_own_notice_are_numbers_without_the_right_to_see_people(self, desk, alice, own, dave):
        NoticeService.publish(own.pk, actor=alice)
        for name in ("readers", "delivery"):
            for sought in ("dave", "nobody of this name"):  # a search would tell who is there
                answer = desk.get(page(own, name), {"q": sought})
                assert "Dave" not in answer.content.decode()
                assert answer.context["page"].paginator.count == 1


class TestWhoeverMadeIt:
    @pytest.fixture
    def ivan(self, db):
        """May begin notices, and nothing else."""
        ivan = make_person("ivan", staff=True)
        assign_perm("notices.add_notice", ivan)
        return User.objects.get(pk=ivan.pk)

    def test_goes_on_with_it_and_with_no_other(self, client, ivan, nobodys):
        client.force_login(ivan)
        assert client.post(ADD, filled()).status_code == 302
        notice = Notice.objects.get(created_by=ivan)
        assert {verb for verb in verbs_of(Notice) if may(ivan, verb, notice)} == {"view", "change", "delete", "restore", "export"}
        assert client.get(page(nobodys)).status_code in {302, 404}
        assert client.post(page(notice), filled(title="Fire drill, again", version=notice.version)).status_code == 302

    def test_is_on_record_in_the_same_transaction_with_the_reason(self, ivan):
        NoticeService.save_new(Notice(title="Fire drill", content="<p>x</p>"), actor=ivan)
        row = NoticeUserPermission.history.first()
        assert row.history_user == ivan
        assert row.history_change_reason == "Whoever makes something may go on with it"

    def test_gets_no_rows_for_what_the_role_allows_anyway(self, alice, grace):
        for author in (alice, grace):
            NoticeService.save_new(Notice(title="Fire drill", content="<p>x</p>"), actor=author)
        assert not NoticeUserPermission.objects.exists()

    def test_a_refused_notice_leaves_no_grant(self, ivan):
        with pytest.raises(PermissionDenied):
            WritingMixin.save_new(Notice(title="Fire drill", content="<p>x</p>"), actor=make_person())
        assert not NoticeUserPermission.objects.exists()
