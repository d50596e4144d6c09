"""The Approval tab, the Approvals page and the acts there: what is shown is what is decided on."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from guardian.shortcuts import assign_perm

from notices.models import Approval, Delivery, Notice
from notices.pinning import digest_of
from notices.services import NoticeService
from recipients.dtos import Address
from tests.makers import make_approved, make_category, make_draft, make_group, make_person

LIST = reverse("admin:notices_notice_changelist")
APPROVALS = reverse("admin:notices_approvals")


@pytest.fixture
def draft(alice, dave):
    return make_draft(author=alice, people=(dave,), category=make_category("Safety", needs_approval=True))


@pytest.fixture
def in_review(alice, draft):
    return NoticeService.submit_for_review(draft.pk, actor=alice)


@pytest.fixture
def approver(client, erin):
    client.force_login(erin)
    return client


def page_of(notice, name="approval"):
    return reverse(f"admin:notices_notice_{name}", args=[notice.pk])


def act(notice, slug):
    return reverse("admin:notices_notice_act", args=[notice.pk, slug])


def shown(notice, reason="Because."):
    notice = Notice.all_objects.get(pk=notice.pk)
    return {"version": notice.version, "people": 1, "digest": digest_of(notice), "reason": reason}


def text_of(client, address):
    return client.get(address, follow=True).content.decode()


def said(client):
    return " ".join(str(message) for message in client.get(LIST).context["messages"])


def buttons(client, notice):
    response = client.get(page_of(notice))
    return [button.text for button in (*response.context["decisions"], *response.context["header"].buttons)]


class TestTheTab:
    def test_never_approved_it_shows_all_of_it_as_readers_see_it(self, approver, in_review):
        page = text_of(approver, page_of(in_review))
        assert "It has never been approved, so this is all of it." in page
        assert "<p>The drill is on Tuesday at ten.</p>" in page
        assert "It reaches 1 person as things stand." in page
        assert "Alice Tester" in page
        assert digest_of(in_review) in page

    def test_approved_before_it_shows_word_by_word_what_changed_since(self, approver, alice, dave, erin, in_review):
        NoticeService.approve(in_review.pk, actor=erin)
        notice = Notice.objects.get()
        notice.content = "<p>The drill is on Wednesday at ten.</p>"
        NoticeService.save_changes(notice, actor=alice, version=notice.version)
        night_shift = make_group("Night shift", people=(alice,))
        NoticeService.set_audience(notice.pk, Address.of(people=[dave.pk], groups=[night_shift.pk]), actor=alice)
        NoticeService.submit_for_review(notice.pk, actor=alice)

        page = text_of(approver, page_of(notice))
        assert "<del>Tuesday</del>" in page
        assert "<ins>Wednesday</ins>" in page
        assert "Added: Night shift" in page
        assert "It reaches 2 people as things stand. When it was last approved it was 1 person." in page
        assert "Status" not in [difference.label for difference in approver.get(page_of(notice)).context["comparison"].fields]

    def test_decisions_are_offered_to_those_who_had_no_part_in_it(self, client, alice, erin, grace, carol, in_review):
        client.force_login(erin)
        assert buttons(client, in_review) == ["Approve", "Return for edit", "Reject"]
        client.force_login(alice)
        assert buttons(client, in_review) == []
        client.force_login(carol)
        assert buttons(client, in_review) == []
        assign_perm("approve_notice", alice, in_review)
        client.force_login(alice)
        assert "You had a part in it, so someone else decides." in text_of(client, page_of(in_review))

    def test_other_pages_lead_there(self, approver, in_review):
        header = approver.get(page_of(in_review, "audience")).context["header"]
        assert [(b.text, b.url) for b in header.buttons] == [("Review and decide", page_of(in_review))]
        assert header.sentence == "Waits for someone other than Alice Tester to approve it."

    def test_it_does_not_reveal_a_notice_to_those_who_may_not_see_it(self, client, bob, alice, in_review):
        client.force_login(bob)
        assert client.get(page_of(in_review)).status_code == 404
        client.force_login(alice)
        assert client.get(page_of(in_review)).status_code == 200  # same set-up

    def test_a_change_that_names_nobody_is_pointed_out(self, approver, alice, draft):
        Notice.objects.filter(pk=draft.pk).update(content="<p>Slipped in</p>")
        NoticeService.submit_for_review(draft.pk, actor=alice)
        assert "Something in it was changed past this product" in text_of(approver, page_of(draft))

    def test_the_steps_stand_there_with_their_reasons_escaped(self, approver, alice, erin, in_review):
        NoticeService.return_to_author(in_review.pk, actor=erin, reason="<b>Too long</b>")
        page = text_of(approver, page_of(in_review))
        assert "&lt;b&gt;Too long&lt;/b&gt;" in page
        assert "<b>Too long" not in page
        assert [step.decision for step in approver.get(page_of(in_review)).context["steps"]] == ["returned", "submitted"]


class TestDeciding:
    @pytest.mark.parametrize(("slug", "status"), [("approve", "approved"), ("return", "draft"), ("reject", "draft")])
    def test_asked_from_the_tab_then_done(self, approver, slug, status, in_review):
        [url] = [b.url for b in approver.get(page_of(in_review)).context["decisions"] if f"/{slug}/" in b.url]
        page = approver.get(url)
        assert page.status_code == 200
        assert Notice.objects.get().status == "in_review"
        fields = {name: page.context["seen"][name] for name in ("version", "people", "digest")}
        response = approver.post(act(in_review, slug), fields | {"reason": "Because."})
        assert response["Location"] == page_of(in_review)
        assert Notice.objects.get().status == status

    def test_asked_without_having_seen_it_it_leads_to_the_tab(self, approver, in_review):
        assert approver.get(act(in_review, "approve"))["Location"] == page_of(in_review)
        assert approver.post(act(in_review, "approve"), {"version": in_review.version, "people": 1})["Location"] == page_of(in_review)
        assert Notice.objects.get().status == "in_review"

    def test_what_was_changed_since_is_not_approved(self, approver, alice, grace, in_review):
        decided = shown(in_review)
        NoticeService.return_to_author(in_review.pk, actor=grace, reason="Title")
        notice = Notice.objects.get()
        notice.title = "Bonus for all"
        NoticeService.save_changes(notice, actor=alice, version=notice.version)
        NoticeService.submit_for_review(notice.pk, actor=alice)

        approver.post(act(notice, "approve"), decided)
        assert "was changed by Alice Tester since you opened this page" in said(approver)
        approver.post(act(notice, "approve"), shown(notice) | {"digest": decided["digest"]})
        assert Notice.objects.get().status == "in_review"
        approver.post(act(notice, "approve"), shown(notice))
        assert Notice.objects.get().status == "approved"

    @pytest.mark.parametrize("slug", ["return", "reject"])
    def test_sending_back_asks_why(self, approver, slug, in_review):
        response = approver.post(act(in_review, slug), shown(in_review, reason=""))
        assert "This field is required." in response.content.decode()
        assert Notice.objects.get().status == "in_review"

    @pytest.mark.parametrize("slug", ["approve", "return", "reject", "publish-without-approval"])
    def test_forged_by_those_without_the_right(self, client, slug, alice, bob, carol, in_review):
        for person, status in ((alice, 403), (carol, 403), (bob, 404)):
            client.force_login(person)
            assert client.post(act(in_review, slug), shown(in_review)).status_code == status
        assert Notice.objects.get().status == "in_review"

    def test_forged_for_ones_own_work_by_form_and_in_bulk(self, client, dave, in_review):
        root = make_person("root", staff=True, is_superuser=True)
        own = make_draft("My own", author=root, people=(dave,), category=in_review.category)
        NoticeService.submit_for_review(own.pk, actor=root)
        client.force_login(root)
        client.post(act(own, "approve"), shown(own))
        assert "You wrote, changed or submitted “My own”" in said(client)

        notices = (own, in_review)
        chosen = {"action": "approve_selected", "_selected_action": [n.pk for n in notices]}
        page = client.post(LIST, chosen)
        assert [row["offered"] for row in page.context["rows"]] == [False, True]
        forged = {f"seen-{n.pk}": f"{n.version}-1-{digest_of(n)}" for n in notices}
        client.post(LIST, chosen | {"confirmed": "yes"} | forged)
        assert "1 approved, 1 refused: You wrote, changed or submitted “My own”" in said(client)
        assert {n.title: n.status for n in Notice.objects.all()} == {"My own": "in_review", "Fire drill": "approved"}

    def test_in_bulk_each_is_what_was_shown(self, approver, alice, in_review):
        chosen = {"action": "approve_selected", "_selected_action": [in_review.pk], "confirmed": "yes"}
        version, digest = in_review.version, digest_of(in_review)
        for forged in ("", f"{version}-1-", f"{version}-1-{'0' * 64}", f"{version - 1}-1-{digest}"):
            approver.post(LIST, chosen | {f"seen-{in_review.pk}": forged})
        assert Notice.objects.get().status == "in_review"
        asked = approver.post(LIST, {name: value for name, value in chosen.items() if name != "confirmed"})
        approver.post(LIST, chosen | {f"seen-{in_review.pk}": asked.context["rows"][0]["seen"]})
        assert Notice.objects.get().status == "approved"


class TestAfterwards:
    def test_its_author_publishes_what_was_approved(self, client, alice, erin, draft):
        client.force_login(alice)
        assert buttons(client, draft) == ["Submit for review", "Delete"]
        client.post(act(draft, "submit"), shown(draft))
        client.post(act(draft, "publish"), shown(draft))
        assert Notice.objects.get().status == "in_review"
        NoticeService.approve(draft.pk, actor=erin)
        assert buttons(client, draft) == ["Publish to 1 person", "Schedule…", "Delete"]
        assert "Approved by Erin Tester on" in client.get(page_of(draft)).context["header"].sentence
        client.post(act(draft, "publish"), shown(draft))
        assert Notice.objects.get().is_published

    def test_editing_it_makes_it_a_draft_and_says_so(self, client, alice, erin, dave, draft):
        notice = make_approved("Other", author=alice, approver=erin, people=(dave,), category=draft.category)
        client.force_login(alice)
        form = client.get(page_of(notice, "change")).context["adminform"].form
        data = {name: form[name].value() or "" for name in form.fields} | {"title": "Bonus for all"}
        data |= {f"attachments-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS", "MAX_NUM_FORMS")}
        data["start_date"] = notice.start_date.strftime("%d/%m/%Y")
        client.post(page_of(notice, "change"), data)
        assert "It was approved, and you changed it: it is a draft again" in said(client)
        notice.refresh_from_db()
        assert (notice.title, notice.status) == ("Bonus for all", "draft")

    def test_rejected_it_says_by_whom_and_why(self, client, alice, erin, in_review):
        NoticeService.reject(in_review.pk, actor=erin, reason="Wrong day")
        client.force_login(alice)
        assert client.get(page_of(in_review)).context["header"].sentence == "Rejected by Erin Tester: Wrong day"
        client.post(act(in_review, "submit"), shown(in_review))
        assert Notice.objects.get().status == "draft"

    def test_the_need_for_approval_is_lifted_by_an_approver_alone(self, client, alice, erin, draft):
        draft.category = make_category("Canteen")
        NoticeService.save_changes(draft, actor=alice, version=draft.version)
        client.force_login(alice)
        assert buttons(client, draft) == ["Submit for review", "Delete"]
        assert client.post(act(draft, "lift-approval"), shown(draft)).status_code == 403
        client.force_login(erin)
        assert buttons(client, draft) == ["Lift the need for approval"]
        client.post(act(draft, "lift-approval"), shown(draft))
        client.force_login(alice)
        assert "Publish to 1 person" in buttons(client, draft)


class TestBreakingTheGlass:
    def test_it_is_marked_for_ever_in_header_list_and_history(self, client, alice, grace, carol, draft):
        client.force_login(grace)
        page = text_of(client, act(draft, "publish-without-approval"))
        assert "needs approval and has none. It goes on show for 1 person all the same." in page
        assert "Everyone in compliance is mailed at once" in page
        client.post(act(draft, "publish-without-approval"), shown(draft, reason=""))
        assert not Delivery.objects.exists()
        client.post(act(draft, "publish-without-approval"), shown(draft, reason="Gas leak"))
        assert Approval.objects.get().decision == "bypassed"
        NoticeService.withdraw(draft.pk, actor=alice, reason="Over")

        client.force_login(carol)
        assert "Published without approval on" in text_of(client, page_of(draft, "audience"))
        assert "Withdrawn, without approval" in text_of(client, LIST)
        make_draft("Other", author=alice)
        assert [n.title for n in client.get(f"{LIST}?approval=bypassed").context["cl"].result_list] == ["Fire drill"]
        history = text_of(client, page_of(draft, "history"))
        assert "and did so without approval" in history
        assert "Gas leak" in history

    def test_it_is_offered_to_no_one_else(self, client, alice, erin, draft):
        for person in (alice, erin):
            client.force_login(person)
            assert "Publish without approval…" not in buttons(client, draft)


class TestTheApprovalsPage:
    def test_it_lists_what_waits_for_me_since_when_by_whom_and_for_how_many(self, approver, in_review):
        page = text_of(approver, APPROVALS)
        assert [n.title for n in approver.get(APPROVALS).context["waiting"]] == ["Fire drill"]
        assert page_of(in_review) in page
        assert "Alice Tester" in page
        assert "What you submitted" not in page

    def test_my_own_work_is_under_what_i_submitted_with_the_last_word_on_it(self, client, alice, erin, grace, in_review):
        NoticeService.return_to_author(in_review.pk, actor=erin, reason="Too long")
        client.force_login(alice)
        response = client.get(APPROVALS)
        assert [n.title for n in response.context["submissions"]] == ["Fire drill"]
        assert "Returned: Erin Tester" in response.content.decode()
        assert "Too long" in response.content.decode()
        assert "waiting" not in response.context
        client.force_login(grace)
        assert (client.get(APPROVALS).context["waiting"], client.get(APPROVALS).context["submissions"]) == ([], [])

    def test_it_and_its_entry_are_for_those_who_approve_or_submit(self, client, bob, carol, erin, in_review):
        for person, status in ((bob, 403), (carol, 403), (erin, 200)):
            client.force_login(person)
            assert client.get(APPROVALS).status_code == status
            assert (APPROVALS in text_of(client, reverse("admin:index"))) is (status == 200)
        assign_perm("approve_notice", bob, in_review)
        client.force_login(bob)
        assert [n.title for n in client.get(APPROVALS).context["waiting"]] == ["Fire drill"]

    def test_it_costs_the_same_queries_for_one_and_for_many(self, approver, alice, dave, in_review, django_assert_max_num_queries):
        with CaptureQueriesContext(connection) as one:
            approver.get(APPROVALS)
        for number in range(8):
            notice = make_draft(f"Notice {number}", author=alice, people=(dave,), category=in_review.category)
            NoticeService.submit_for_review(notice.pk, actor=alice)
        with django_assert_max_num_queries(len(one)):
            approver.get(APPROVALS)
