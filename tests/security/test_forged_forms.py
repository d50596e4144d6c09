"""Forms that are posted with more, or with other keys, than the page gave."""

import pytest
from django.contrib import admin
from django.urls import reverse

from notices.models import Delivery, Notice
from recipients.models import RecipientGroupAdditionalRecipient
from tests.makers import make_draft, make_group, make_person, make_recipient
from tests.security.signing_in import signed_in
from tests.test_conventions import changed, checksums

ADMINS = list(admin.site._registry.values())


class TestForgedForms:
    """CVE-2026-87975, CVE-2026-4292: rows that a form does not show, changed or made by numbers that were posted."""

    @pytest.mark.parametrize("registered", ADMINS, ids=lambda a: type(a).__name__)
    def test_no_list_is_editable(self, registered):
        assert not registered.list_editable

    @pytest.mark.parametrize("registered", ADMINS, ids=lambda a: type(a).__name__)
    def test_no_key_of_a_row_is_one_that_people_choose(self, registered):
        for inline in registered.inlines:
            assert inline.model._meta.pk.get_internal_type() == "BigAutoField"
            assert not inline.model._meta.parents

    def test_what_a_list_would_edit_changes_nothing(self, world):
        root = signed_in(make_person("root", staff=True, is_superuser=True))
        before = checksums()
        for name, objects in world.items():
            forged = {"form-TOTAL_FORMS": 2, "form-INITIAL_FORMS": 1, "form-0-id": objects[0].pk, "_save": "Save"}
            forged |= {f"form-{n}-{field}": "Forged" for n in (0, 1) for field in ("name", "title", "code", "username")}
            root.post(reverse(f"admin:{name}_changelist"), forged)
        assert changed(before, checksums()) == set()

    def person_form(self, client, person, rows: dict) -> int:
        address = reverse("admin:recipients_user_change", args=[person.pk])
        form = client.get(address).context["adminform"].form
        data = {name: value for name, value in form.initial.items() if value and not isinstance(value, list)}
        return client.post(address, data | {f"roleassignment_set-{name}": value for name, value in rows.items()}).status_code

    @pytest.mark.parametrize("total", [1, 2])
    def test_a_place_of_another_person_is_neither_taken_nor_deleted(self, frank, dave, erin, total):
        leeds, york = make_recipient("Leeds", members=(dave, erin)), make_recipient("York")
        own, foreign = dave.roleassignment_set.get(), erin.roleassignment_set.get()
        client, before = signed_in(frank), checksums()
        for key, ends in ((foreign.pk, ({"DELETE": "on"}, {})), ("abc", ({},))):
            for end in ends:
                row = {"id": key, "user": dave.pk, "recipient": york.pk, "role": "Forged"} | end
                self.person_form(client, dave, {"TOTAL_FORMS": total, "INITIAL_FORMS": 1} | {f"0-{n}": v for n, v in row.items()})
        assert changed(before, checksums()) == set()

        row = {"id": own.pk, "user": erin.pk, "recipient": leeds.pk, "role": "Nurse"}  # own row, another's owner posted along
        status = self.person_form(client, dave, {"TOTAL_FORMS": 1, "INITIAL_FORMS": 1} | {f"0-{n}": v for n, v in row.items()})
        own.refresh_from_db()
        assert (own.user, status in {200, 302}) == (dave, True)

    def test_members_of_another_group_stay(self, frank, dave, erin):
        mine, other = make_group("Mine", people=(dave,)), make_group("Other", people=(erin,))
        foreign = RecipientGroupAdditionalRecipient.objects.get(recipient_group=other)
        client, address = signed_in(frank), reverse("admin:recipients_recipientgroup_change", args=[mine.pk])
        seen = client.get(address).context["adminform"].form.initial["seen"]
        people, recipients = "recipientgroupadditionalrecipient_set", "recipientgrouprecipient_set"
        empty = {f"{recipients}-{name}": 0 for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
        for key in (foreign.pk, 10**20):
            for owner in (mine.pk, other.pk):
                row = {"id": key, "recipient_group": owner, "user": frank.pk, "DELETE": "on"}
                data = {f"{people}-TOTAL_FORMS": 1, f"{people}-INITIAL_FORMS": 1} | {f"{people}-0-{n}": v for n, v in row.items()}
                client.post(address, {"code": mine.code, "name": mine.name, "seen": seen} | empty | data)
        assert RecipientGroupAdditionalRecipient.objects.get(pk=foreign.pk).user == erin
        assert other.recipientgroupadditionalrecipient_set.count() == mine.recipientgroupadditionalrecipient_set.count() == 1

    def test_a_member_is_added_to_the_group_of_the_page_whatever_group_is_posted(self, frank, dave, erin):
        mine, other = make_group("Mine", people=(dave,)), make_group("Other")
        client, address = signed_in(frank), reverse("admin:recipients_recipientgroup_change", args=[mine.pk])
        seen = client.get(address).context["adminform"].form.initial["seen"]
        people, recipients = "recipientgroupadditionalrecipient_set", "recipientgrouprecipient_set"
        data = {f"{recipients}-{name}": 0 for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
        data |= {f"{people}-TOTAL_FORMS": 1, f"{people}-INITIAL_FORMS": 0}
        data |= {f"{people}-0-recipient_group": other.pk, f"{people}-0-user": erin.pk}
        client.post(address, {"code": mine.code, "name": mine.name, "seen": seen} | data)
        assert not other.recipientgroupadditionalrecipient_set.exists()

    @pytest.mark.parametrize("total", ["-1", "abc", "101", str(10**9), ""])
    def test_a_number_of_rows_that_cannot_be_is_refused_and_nothing_is_saved(self, frank, dave, total):
        """Nor is a page made of them: it would take minutes."""
        make_recipient("Leeds", members=(dave,))
        client, before = signed_in(frank), checksums()
        assert self.person_form(client, dave, {"TOTAL_FORMS": total, "INITIAL_FORMS": 0, "0-role": "x"}) in {200, 302}
        assert changed(before, checksums()) == set()

    @pytest.mark.parametrize("inline", [inline for registered in ADMINS for inline in registered.inlines], ids=lambda i: i.__name__)
    def test_no_form_takes_or_shows_more_than_a_hundred_rows(self, inline, grace, rf):
        request = rf.get("/")
        request.user = grace
        owner = next(registered.model for registered in ADMINS if inline in registered.inlines)
        formset = inline(owner, admin.site).get_formset(request)
        prefix = formset.get_default_prefix()
        posted = formset(data={f"{prefix}-TOTAL_FORMS": 5000, f"{prefix}-INITIAL_FORMS": 0}, instance=owner())
        assert len(posted.forms) <= 100
        assert "100" in str(posted.non_form_errors())

    def test_fields_that_the_form_does_not_show_are_not_taken(self, alice, dave):
        draft = make_draft(author=alice, people=(dave,))
        address = reverse("admin:notices_notice_change", args=[draft.pk])
        data = {"title": "New", "content": "<p>x</p>", "start_date": str(draft.start_date), "version": draft.version}
        formset = {"attachments-TOTAL_FORMS": 0, "attachments-INITIAL_FORMS": 0}
        forged = {
            "id": 999, "status": "published", "published_at": "2020-01-01", "created_by": dave.pk, "is_deleted": "on", "revision": 9,
            "publish_at_0": "2020-01-01", "status_reason": "Forged",
        }  # fmt: skip
        assert signed_in(alice).post(address, data | formset | forged).status_code == 302
        after = Notice.objects.get()
        assert (after.pk, after.title, after.status, after.created_by) == (draft.pk, "New", "draft", alice)
        assert (after.is_deleted, after.revision, after.status_reason, after.publish_at) == (False, 1, "", None)
        assert not Delivery.objects.exists()
