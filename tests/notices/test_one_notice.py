"""Someone who was given rights on one notice alone sees and does nothing beyond it."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from guardian.shortcuts import assign_perm

from notices.models import Notice
from notices.services import NoticeService
from notices.uploads import attachment_from
from tests.makers import make_category, make_draft, make_person, make_published, make_recipient

LIST = reverse("admin:notices_notice_changelist")
TRASH = reverse("admin:notices_trashednotice_changelist")
TABS = ("change", "audience", "delivery", "readers", "figures", "access", "history")


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def given(alice, bob, dave):
    notice = make_published("Given", author=alice, people=(dave,))
    assign_perm("notices.view_notice", bob, notice)
    return notice


@pytest.fixture
def others(alice, dave):
    """One in each place where something could show."""
    late = make_published("Secret overdue", author=alice, people=(dave,), requires_acknowledgement=True)
    make_draft("Secret draft", author=alice, people=(dave,))
    review = make_draft("Secret review", author=alice, people=(dave,))
    NoticeService.submit_for_review(review.pk, actor=alice)
    trashed = make_draft("Secret trash", author=alice, people=(dave,), category=make_category("Secret category"))
    NoticeService.delete(trashed.pk, actor=alice)
    late.delivery_set.update(state="failed", reason="Secret reason")
    return Notice.all_objects.filter(title__startswith="Secret")


@pytest.fixture
def guest(client, bob):
    client.force_login(bob)
    return client


@pytest.mark.parametrize("query", ["", "?q=secret", "?status__exact=draft", "?e=1", "?_popup=1", "?_facets=True"])
def test_lists_search_and_counts_hold_this_one_alone(guest, given, others, query):
    page = guest.get(LIST + query)
    assert page.status_code == 200
    assert b"Secret" not in page.content.replace(b"Secret category", b"")
    assert page.context["cl"].result_count <= 1
    assert b"Secret" not in guest.get(TRASH + query).content


def test_so_does_the_page_of_today(guest, given, others):
    page = guest.get(reverse("admin:index"))
    assert b"Secret" not in page.content
    assert [figure.number for figure in page.context["figures"]] == [0, 0, 1]


def test_every_page_of_another_is_not_there(guest, given, others):
    for notice in others:
        for name in TABS:
            response = guest.get(reverse(f"admin:notices_notice_{name}", args=[notice.pk]))
            assert response.status_code in {302, 404}
            assert b"Secret" not in response.content
        for slug in ("publish", "withdraw", "trash", "restore", "destroy", "schedule", "submit"):
            assert guest.get(reverse("admin:notices_notice_act", args=[notice.pk, slug])).status_code == 404
            assert guest.post(reverse("admin:notices_notice_act", args=[notice.pk, slug]), {"reason": "x"}).status_code == 404
        for name in ("change", "history"):
            assert b"Secret" not in guest.get(reverse(f"admin:notices_trashednotice_{name}", args=[notice.pk]), follow=True).content


def test_an_attachment_of_another_is_not_there_under_any_address(guest, alice, given, others):
    draft = others.get(title="Secret draft")
    file = NoticeService.attach(draft.pk, attachment_from(SimpleUploadedFile("secret.txt", b"Secret")), actor=alice)
    for notice in (draft, given):
        assert guest.get(reverse("admin:notices_notice_attachment", args=[notice.pk, file.pk])).status_code == 404


def test_the_numbers_are_shown_and_the_people_are_not(guest, given):
    """Names and addresses are for those who may see people."""
    for name in ("audience", "delivery", "readers"):
        page = guest.get(reverse(f"admin:notices_notice_{name}", args=[given.pk])).content
        assert b"Dave" not in page
        assert b"dave@example.org" not in page


def test_a_selection_of_all_reaches_this_one_alone(guest, bob, given, others):
    assign_perm("notices.publish_notice", bob, given)
    page = guest.post(LIST, {"action": "withdraw_selected", "_selected_action": [n.pk for n in others], "select_across": "1", "index": "0"})
    assert b"Secret" not in page.content
    assert [row["notice"] for row in page.context["rows"]] == [given]


class TestEditing:
    @pytest.fixture
    def draft(self, alice, bob, dave, erin):
        leeds = make_recipient("Leeds", members=(erin,))
        draft = make_draft(
            "Shared", author=alice, people=(dave,), recipients=(leeds,), category=make_category("Policy", needs_approval=True)
        )
        assign_perm("notices.change_notice", bob, draft)
        return draft

    def test_an_addressee_out_of_sight_stays_when_the_audience_is_saved(self, guest, draft, dave):
        response = guest.post(reverse("admin:notices_notice_audience", args=[draft.pk]), {"version": draft.version})
        assert response.status_code == 302
        assert draft.noticeadditionalrecipient_set.get().user == dave
        assert draft.noticerecipient_set.get().recipient.name == "Leeds"

    def test_a_category_out_of_sight_stays_when_the_text_is_saved(self, guest, draft):
        address = reverse("admin:notices_notice_change", args=[draft.pk])
        form = guest.get(address).context["adminform"].form
        data = {"title": "Shared", "content": "<p>New words.</p>", "start_date": str(draft.start_date), "version": draft.version}
        formset = {"attachments-TOTAL_FORMS": 0, "attachments-INITIAL_FORMS": 0}
        chosen = {"category": form["category"].value()}
        assert guest.post(address, data | formset | chosen).status_code == 302
        assert Notice.objects.get().category.needs_approval

    def test_an_attachment_of_another_cannot_be_removed_through_this_one(self, guest, alice, draft):
        other = make_draft("Other", author=alice)
        file = NoticeService.attach(other.pk, attachment_from(SimpleUploadedFile("plan.txt", b"Plan")), actor=alice)
        data = {"title": "Shared", "content": "<p>x</p>", "start_date": str(draft.start_date), "version": draft.version}
        for pk in (file.pk, "abc", 10**20):
            forged = {
                "attachments-TOTAL_FORMS": 1,
                "attachments-INITIAL_FORMS": 1,
                "attachments-0-id": pk,
                "attachments-0-notice": draft.pk,
            }
            guest.post(reverse("admin:notices_notice_change", args=[draft.pk]), data | forged | {"attachments-0-DELETE": "on"})
        assert other.attachments.get() == file


@pytest.mark.parametrize("address", [LIST, TRASH])
def test_it_costs_the_same_for_one_and_for_thirty(guest, alice, bob, address):
    def give(count):
        for _number in range(count):
            notice = make_draft(author=alice, people=(make_person(),))
            for verb in ("view", "restore"):
                assign_perm(f"notices.{verb}_notice", bob, notice)
            if address == TRASH:
                NoticeService.delete(notice.pk, actor=alice)

    def cost():
        guest.get(address)
        with CaptureQueriesContext(connection) as captured:
            assert guest.get(address).status_code == 200
        return len(captured)

    give(1)
    with_one = cost()
    give(29)
    assert cost() == with_one
