"""Buttons, confirmation pages and bulk actions: one act each, asked first, done once."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from backoffice.clock import today
from notices.models import Delivery, Notice
from notices.repositories import NoticeRepository
from notices.services import NoticeService
from recipients.repositories import AudienceRepository
from tests.makers import make_draft, make_group, make_person, make_published

LIST = reverse("admin:notices_notice_changelist")
TRASH = reverse("admin:notices_trashednotice_changelist")


def act_address(notice, slug):
    return reverse("admin:notices_notice_act", args=[notice.pk, slug])


def seen(notice):
    notice.refresh_from_db()
    return {
        "version": notice.version,
        "people": AudienceRepository.summary(NoticeRepository.address_of(notice)).total,
        "reason": "Because.",
    }


@pytest.fixture
def author(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def draft(alice, dave):
    return make_draft(author=alice, people=(dave,))


def said(client):
    return " ".join(str(message) for message in client.get(LIST).context["messages"])


def test_asking_changes_nothing_and_confirming_publishes(author, draft):
    page = author.get(act_address(draft, "publish")).content.decode()
    assert "“Fire drill” goes on show for 1 person." in page
    draft.refresh_from_db()
    assert draft.status == "draft"

    author.post(act_address(draft, "publish"), seen(draft))
    draft.refresh_from_db()
    assert draft.status == "published"


def test_a_confirmation_needs_its_csrf_token(alice, draft):
    from django.test import Client  # noqa: PLC0415

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    assert strict.post(act_address(draft, "publish"), seen(draft)).status_code == 403
    draft.refresh_from_db()
    assert draft.status == "draft"


def test_a_stale_confirmation_shows_the_new_number_instead(author, alice, draft):
    group = make_group(people=(make_person(), make_person()))
    decided = seen(draft)
    NoticeService.set_audience(draft.pk, NoticeRepository.address_of(draft).of(groups=[group.pk]), actor=alice)

    response = author.post(act_address(draft, "publish"), decided)

    assert response.status_code == 409
    assert "was changed by Alice Tester since you opened this page" in response.content.decode()
    assert "Publish to 2 people" in response.content.decode()
    assert not Delivery.objects.exists()


def test_a_member_who_joined_since_makes_the_confirmation_stale(author, alice):
    group = make_group(people=(make_person(),))
    notice = make_draft(author=alice, groups=(group,))
    decided = seen(notice)
    group.recipientgroupadditionalrecipient_set.create(user=make_person())

    response = author.post(act_address(notice, "publish"), decided)

    assert "it was 1 people and is 2 now" in response.content.decode()
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("slug", ["publish", "schedule", "trash"])
def test_an_act_needs_its_permission_on_this_notice(client, alice, carol, bob, draft, slug):
    client.force_login(carol)  # sees it
    assert client.get(act_address(draft, slug)).status_code == 403
    assert client.post(act_address(draft, slug), seen(draft)).status_code == 403
    client.force_login(bob)  # does not see it
    assert client.post(act_address(draft, slug), seen(draft)).status_code == 404
    client.force_login(alice)
    assert client.get(act_address(draft, slug)).status_code == 200  # same set-up


def test_an_unknown_act_is_not_found(author, draft):
    assert author.post(act_address(draft, "explode"), seen(draft)).status_code == 404


def test_a_published_notice_cannot_be_deleted_and_the_page_says_what_to_do(author, alice, dave):
    notice = make_published(author=alice, people=(dave,))
    author.post(act_address(notice, "trash"), seen(notice))

    assert "“Fire drill” cannot be deleted. It is published: withdraw it first." in said(author)
    assert Notice.objects.filter(pk=notice.pk).exists()


def test_withdrawing_needs_a_reason(author, alice, dave):
    notice = make_published(author=alice, people=(dave,))

    response = author.post(act_address(notice, "withdraw"), seen(notice) | {"reason": ""})
    assert "This field is required." in response.content.decode()
    author.post(act_address(notice, "withdraw"), seen(notice))
    notice.refresh_from_db()
    assert (notice.status, notice.status_reason) == ("withdrawn", "Because.")


def test_destroying_for_good_is_for_administrators_only(client, alice, grace, draft):
    NoticeService.delete(draft.pk, actor=alice)
    client.force_login(alice)
    assert client.post(act_address(draft, "destroy"), {"reason": "Because.", "version": 1, "people": 0}).status_code == 403
    client.force_login(grace)
    client.post(act_address(draft, "destroy"), {"reason": "Because.", "version": 1, "people": 0})
    assert not Notice.all_objects.filter(pk=draft.pk).exists()


def test_bulk_asks_first_and_judges_each_notice_on_its_own(author, alice, dave):
    notices = [make_draft(f"Notice {n}", author=alice, people=(dave,)) for n in range(2)] + [make_draft("Nobody", author=alice)]
    chosen = {"action": "publish_selected", "_selected_action": [n.pk for n in notices]}

    page = author.post(LIST, chosen)
    assert page.status_code == 200
    assert not Notice.objects.filter(status="published").exists()
    decided = {f"seen-{row['notice'].pk}": row["seen"] for row in page.context["rows"]}
    author.post(LIST, chosen | {"confirmed": "yes"} | decided)

    assert "2 published, 1 refused: “Nobody” addresses nobody." in said(author)
    assert Notice.objects.filter(status="published").count() == 2


def test_bulk_actions_reach_only_what_the_list_shows(client, bob, draft):
    client.force_login(bob)
    assert client.post(LIST, {"action": "publish_selected", "_selected_action": [draft.pk], "confirmed": "yes"}).status_code == 403
    draft.refresh_from_db()
    assert draft.status == "draft"


def test_the_trash_says_who_and_when_and_gives_back(author, alice, draft):
    NoticeService.delete(draft.pk, actor=alice)
    page = author.get(TRASH).content.decode()
    assert "Fire drill" in page
    assert "Alice Tester" in page
    assert draft.title not in author.get(LIST).content.decode()

    author.post(act_address(draft, "restore"), {"version": 1, "people": 0})
    assert Notice.objects.get(pk=draft.pk).status == "draft"
    assert not Delivery.objects.exists()


def test_a_schedule_is_a_day_and_a_time_in_the_zone_of_who_sets_it(author, alice, draft):
    alice.time_zone = "America/New_York"
    alice.save()
    moment = {"day": (today() + timedelta(days=3)).strftime("%d/%m/%Y"), "time": "09:30"}

    refused = author.post(act_address(draft, "schedule"), seen(draft) | moment | {"day": "01/01/2020"})
    assert "That moment has passed." in refused.content.decode()
    shown = author.post(act_address(draft, "schedule"), seen(draft) | moment)  # what time that is where the organisation is
    author.post(act_address(draft, "schedule"), seen(draft) | moment | {"seen_as": shown.context["form"]["seen_as"].value()})

    draft.refresh_from_db()
    assert draft.status == "scheduled"
    assert draft.publish_at.astimezone(ZoneInfo("America/New_York")).strftime("%H:%M") == "09:30"
    author.post(act_address(draft, "cancel-schedule"), seen(draft))
    draft.refresh_from_db()
    assert (draft.status, draft.publish_at) == ("draft", None)
