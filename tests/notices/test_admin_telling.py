"""What a page says about a notice that begins later, has ended, or is addressed to something out of use."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from backoffice.clock import today
from notices.models import Notice
from notices.services import NoticeService
from tests.makers import make_draft, make_group, make_published, make_recipient

DAY = timedelta(days=1)


@pytest.fixture
def author(client, alice):
    client.force_login(alice)
    return client


def text(client, notice, name, *arguments):
    return " ".join(client.get(reverse(f"admin:notices_notice_{name}", args=[notice.pk, *arguments])).content.decode().split())


def test_a_notice_that_begins_later_says_when_the_mails_leave(author, alice, dave):
    notice = make_draft(author=alice, people=(dave,), start_date=today() + 3 * DAY)
    assert "nobody sees it before, and the mails leave then" in text(author, notice, "act", "publish")

    NoticeService.publish(notice.pk, actor=alice)
    page = text(author, notice, "delivery")
    assert "; the mails leave then." in page
    assert "1 mail leaves on" in page
    assert "on its way" not in page
    assert "hx-get" not in page.partition('id="figures"')[2][:200]


def test_what_is_chosen_and_reaches_nobody_is_named_and_can_be_taken_out(author, alice, dave):
    group, closed = make_group("Night shift", people=(dave,)), make_recipient("Closed site", members=(dave,))
    notice = make_draft(author=alice, groups=(group,), recipients=(closed,), people=(alice,))
    closed.is_active = False
    closed.save()
    group.delete(user=alice)

    page = text(author, notice, "audience")
    assert "“Closed site” is inactive and addresses nobody." in page
    assert "The group “Night shift” is in the trash" in page
    assert "Night shift (in the trash)" in page
    assert "Closed site (inactive)" in page

    def save(**chosen):
        version = Notice.objects.get().version
        return author.post(reverse("admin:notices_notice_audience", args=[notice.pk]), {"version": version, "people": alice.pk} | chosen)

    assert save(groups=group.pk, recipients=closed.pk).status_code == 302
    assert notice.noticerecipientgroup_set.get().recipient_group_id == group.pk
    assert save(recipients=closed.pk).status_code == 302
    assert not notice.noticerecipientgroup_set.exists()


def test_a_group_in_the_trash_is_not_offered_to_another_notice(author, alice, dave):
    group = make_group(people=(dave,))
    notice = make_draft(author=alice, people=(dave,))
    group.delete(user=alice)
    data = {"version": notice.version, "people": dave.pk, "groups": group.pk}
    assert author.post(reverse("admin:notices_notice_audience", args=[notice.pk]), data).context["form"].errors["groups"]


@pytest.mark.parametrize(
    ("day", "time"), [("9999-12-31", "23:59"), ("2099-01-01", "12:00"), ("2027-03-28", "01:30"), ("2027-10-31", "01:30")]
)
def test_a_moment_that_cannot_be_meant_is_refused_beside_its_field(author, alice, dave, day, time):
    """Too far away; skipped or shown twice when the clocks change."""
    notice = make_draft(author=alice, people=(dave,))
    address = reverse("admin:notices_notice_act", args=[notice.pk, "schedule"])
    response = author.post(address, {"version": notice.version, "people": 1, "day": day, "time": time})
    assert response.status_code == 200
    assert response.context["form"].errors
    assert Notice.objects.get().status == "draft"


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/New_York"])
@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_ends_of_the_calendar_are_days_like_others(author, alice, dave, day, zone):
    alice.time_zone = zone
    alice.save()
    notice = make_published(author=alice, people=(dave,), start_date=type(today()).fromisoformat(day))
    for name in ("change", "audience", "delivery", "readers", "history", "figures"):
        assert author.get(reverse(f"admin:notices_notice_{name}", args=[notice.pk])).status_code == 200


def test_a_notice_that_has_ended_says_so_in_the_list_and_on_its_page(author, alice, dave):
    notice = make_published(author=alice, people=(dave,), end_date=today())
    Notice.objects.update(start_date=today() - 2 * DAY, end_date=today() - DAY)
    page = " ".join(author.get(reverse("admin:notices_notice_changelist")).content.decode().split())
    assert "> Ended <" in page
    assert "> Ended <" in text(author, notice, "delivery")


@pytest.mark.parametrize(("who", "offered"), [("alice", True), ("carol", False)])
def test_the_trash_offers_to_restore_to_whoever_may(client, request, alice, dave, who, offered):
    NoticeService.delete(make_draft(author=alice, people=(dave,)).pk, actor=alice)
    client.force_login(request.getfixturevalue(who))
    page = client.get(reverse("admin:notices_trashednotice_changelist")).content
    assert (b"/do/restore/" in page) is offered


@pytest.mark.parametrize("title", ["   ", "\u200b", "\u200b \u2060"])
def test_a_title_that_cannot_be_seen_is_refused(alice, title):
    with pytest.raises(ValidationError, match="title"):
        make_draft(title, author=alice)
    assert not Notice.objects.exists()
