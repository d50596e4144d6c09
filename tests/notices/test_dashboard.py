"""The Today page: what needs me, what is stuck, what is late, and only what I may see."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from guardian.shortcuts import assign_perm

from backoffice.clock import today
from backoffice.permissions import Role
from notices.admin.notices import NoticeAdmin
from notices.mail.mailer import server_in_use
from notices.models import Delivery, MailServer, Notice, ReadAcknowledgment
from notices.services import DeliveryService, NoticeService
from recipients.models import Import, Recipient
from tests.makers import make_category, make_draft, make_person, make_published, make_recipient

INDEX, PROGRESS = "/admin/", "/admin/today/progress/"


@pytest.fixture(autouse=True)
def _nothing_kept():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def leeds(dave, erin) -> Recipient:
    return make_recipient("Site Leeds", members=(dave, erin))


def page(client, user, address=INDEX):
    cache.clear()
    client.force_login(user)
    response = client.get(address)
    assert response.status_code == 200
    return response


def progress(client, user):
    """The part that the page asks for once it is shown."""
    return page(client, user, PROGRESS)


def rows(response, slug: str) -> list[str]:
    section = next((s for s in response.context["sections"] if s.slug == slug), None)
    return [f"{row.title}: {row.what}" for row in section.rows] if section else []


def figures(response) -> dict[str, int]:
    return {figure.label: figure.number for figure in response.context["figures"]}


def test_staff_without_rights_is_shown_the_way_to_the_inbox(client, alice, bob, leeds):
    make_published("Secret", author=alice, recipients=(leeds,))
    response = page(client, bob)
    assert "Go to my inbox" in response.content.decode()
    assert reverse("inbox:index") in response.content.decode()
    assert "Secret" not in response.content.decode()
    assert "sections" not in response.context
    assert client.get(PROGRESS).status_code == 403


def test_the_first_step_is_offered_when_there_is_nothing(client, alice, carol):
    assert "Write the first notice" in page(client, alice).content.decode()
    assert "Write the first notice" not in page(client, carol).content.decode()


def test_my_drafts_and_what_came_back_are_mine_alone(client, alice, erin, leeds):
    other = make_person("olga", role=Role.AUTHOR)
    returned = make_draft("Came back", author=alice, recipients=(leeds,), category=make_category(needs_approval=True))
    NoticeService.submit_for_review(returned.pk, actor=alice)
    NoticeService.return_to_author(returned.pk, actor=erin, reason="Too long")
    make_draft("Mine", author=alice)
    make_draft("Hers", author=other)

    response = page(client, alice)

    assert rows(response, "needs-me") == ["Came back: Returned to you: Too long", "Mine: Your draft: nobody sees it yet."]
    assert figures(response)["My drafts"] == 2
    assert figures(page(client, other))["My drafts"] == 1


def test_review_waits_for_those_who_may_approve_and_had_no_part_in_it(client, alice, erin, carol, leeds):
    notice = make_draft("Fire drill", author=alice, recipients=(leeds,), category=make_category(needs_approval=True))
    NoticeService.submit_for_review(notice.pk, actor=alice)
    assert rows(page(client, erin), "needs-me") == ["Fire drill: Waits for you to approve or return it. By Alice Tester."]
    assert rows(page(client, alice), "needs-me") == []
    assert rows(page(client, carol), "needs-me") == []
    assert figures(page(client, carol))["In review"] == 1


def test_the_next_scheduled_notice_comes_first(client, alice, leeds):
    for title, hours in (("Later", 5), ("Sooner", 2)):
        NoticeService.schedule(
            make_draft(title, author=alice, recipients=(leeds,)).pk, timezone.now() + timedelta(hours=hours), actor=alice
        )
    assert rows(page(client, alice), "scheduled") == ["Sooner: Is published by itself.", "Later: Is published by itself."]


def test_a_notice_that_missed_its_moment_asks_whoever_may_publish_it_and_names_the_ways_on(client, alice, carol, bob, leeds, settings):
    draft = make_draft("Late", author=alice, recipients=(leeds,))
    notice = NoticeService.schedule(draft.pk, timezone.now() + timedelta(hours=1), actor=alice)
    for ago, missed in ((timedelta(minutes=59), False), (timedelta(minutes=61), True)):
        Notice.objects.filter(pk=notice.pk).update(publish_at=timezone.now() - ago)
        assert bool(rows(page(client, alice), "scheduled")) is not missed
        assert bool(rows(page(client, alice), "needs-me")) is missed
        assert bool(rows(progress(client, carol), "halted")) is missed
    [row] = next(s for s in page(client, alice).context["sections"] if s.slug == "needs-me").rows
    assert row.what.startswith("Was to be published on")
    assert [link.text for link in row.links] == ["Publish now", "Reschedule", "Cancel schedule"]
    assert {client.get(link.url).status_code for link in row.links} == {200}
    assert rows(progress(client, alice), "halted") == []  # it stands under “Needs you”
    [seen] = next(s for s in progress(client, carol).context["sections"] if s.slug == "halted").rows
    assert seen.links == ()  # she sees it and may not decide
    assert client.get(seen.url).status_code == 200
    assert rows(page(client, carol), "needs-me") == []


def test_paused_mails_are_said_to_whoever_sees_the_notice_until_somebody_resumes(client, alice, carol, heidi, facilities, dave, leeds):
    notice = make_published("Fire drill", author=alice, recipients=(leeds,))
    DeliveryService.pause(notice.pk, actor=alice, reason="A wrong link.")
    for person in (alice, carol):
        [row] = rows(progress(client, person), "halted")
        assert row.startswith("Fire drill: 2 mails to go. Sending has been paused since")
        assert row.endswith("by Alice Tester: A wrong link.")
    assert rows(progress(client, heidi), "halted") == []  # she sees her department's alone
    Delivery.objects.update(next_attempt_at=timezone.now() - timedelta(minutes=11))
    assert rows(progress(client, alice), "stuck") == []  # it waits on purpose
    [paused] = next(s for s in progress(client, alice).context["sections"] if s.slug == "halted").rows
    assert "Resume sending" in client.get(paused.url).content.decode()
    DeliveryService.resume(notice.pk, actor=alice)
    assert rows(progress(client, alice), "halted") == []


def test_a_mail_server_that_is_away_is_said_while_something_waits_for_it(client, alice, heidi, leeds, mailbox):
    now = timezone.now()
    MailServer.objects.create(pk=server_in_use(), failures=1, away_since=now, next_try_at=now, problem="Timed out.")
    assert rows(progress(client, alice), "halted") == []
    make_published("Fire drill", author=alice, recipients=(leeds,))
    [row] = rows(progress(client, alice), "halted")
    assert row.startswith(f"Mail server {server_in_use()}: Away since")
    assert "It holds up “Fire drill”, for one. Timed out." in row
    assert rows(progress(client, heidi), "halted") == []  # nothing of hers waits
    MailServer.objects.update(failures=0)
    assert rows(progress(client, alice), "halted") == []


def test_stuck_mails_are_counted_with_the_reason_and_the_link_shows_them(client, alice, leeds):
    notice = make_published(author=alice, recipients=(leeds,))
    assert rows(progress(client, alice), "stuck") == []  # just published: on its way
    Delivery.objects.update(state="failed", reason="The mailbox does not exist.")
    response = progress(client, alice)
    assert rows(response, "stuck") == ["Fire drill: 2 mails failed. The mailbox does not exist."]
    [row] = next(s for s in response.context["sections"] if s.slug == "stuck").rows
    assert len(client.get(row.url).context["page"].object_list) == 2
    NoticeService.withdraw(notice.pk, actor=alice, reason="Wrong")
    assert rows(progress(client, alice), "stuck") == []


def test_a_mail_that_nobody_takes_up_is_stuck_after_ten_minutes(client, alice, leeds):
    make_published(author=alice, recipients=(leeds,))
    Delivery.objects.update(next_attempt_at=timezone.now() - timedelta(minutes=9))
    assert rows(progress(client, alice), "stuck") == []
    Delivery.objects.update(next_attempt_at=timezone.now() - timedelta(minutes=11))
    [row] = rows(progress(client, alice), "stuck")
    assert row == "Fire drill: 2 mails are still waiting. Nobody has taken it up: perhaps the worker is not running."


def test_late_counts_those_who_have_not_acknowledged_until_nobody_is_left(client, alice, dave, erin, leeds):
    notice = make_published(author=alice, recipients=(leeds,), requires_acknowledgement=True, due_date=today())
    assert rows(progress(client, alice), "late") == []  # due today is not late
    Notice.objects.filter(pk=notice.pk).update(due_date=today() - timedelta(days=1))
    NoticeService.acknowledge(notice, dave)
    response = progress(client, alice)
    [row] = rows(response, "late")
    assert row.startswith("Fire drill: 1 of 2 have not acknowledged it; it was due on")
    [late] = next(s for s in response.context["sections"] if s.slug == "late").rows
    assert len(client.get(late.url).context["page"].object_list) == 1
    NoticeService.acknowledge(notice, erin)
    assert rows(progress(client, alice), "late") == []


def test_the_charts_count_reads_and_the_unread_of_each_department(client, alice, dave, erin):
    safety = make_recipient("Safety", members=(dave, erin), kind=Recipient.Kind.DEPARTMENT)
    notice = make_published(author=alice, recipients=(safety,))
    ReadAcknowledgment.objects.create(notice=notice, user=dave, revision=notice.revision)
    reads, unread = progress(client, alice).context["charts"]
    assert reads.rows[-1][1] == 1
    assert len(reads.rows) == 30
    assert unread.rows == (("Safety", 1),)


def test_each_number_leads_to_the_rows_it_counts(client, monkeypatch, alice, erin, leeds):
    monkeypatch.setattr(NoticeAdmin, "allowed_lookups", ("created_by", "published_at"))
    make_draft(author=alice)
    make_draft(author=make_person("olga", role=Role.AUTHOR))
    make_published(author=alice, recipients=(leeds,))
    old = make_published(author=alice, recipients=(leeds,))
    Notice.objects.filter(pk=old.pk).update(published_at=timezone.now() - timedelta(days=8))
    response = page(client, alice)
    assert figures(response) == {"My drafts": 1, "In review": 0, "Scheduled": 0, "Published this week": 1}
    for figure in response.context["figures"]:
        assert client.get(figure.url).context["cl"].result_count == figure.number, figure


def test_only_what_may_be_seen_is_shown_and_counted(client, alice, bob, leeds):
    seen = make_published("Seen", author=alice, recipients=(leeds,))
    make_published("Hidden", author=alice, recipients=(leeds,))
    Delivery.objects.update(state="failed", reason="Refused.")
    ReadAcknowledgment.objects.create(notice=Notice.objects.get(title="Hidden"), user=bob)
    assert len(rows(progress(client, alice), "stuck")) == 2  # and now it is kept for those who see everything
    assign_perm("view_notice", bob, seen)
    client.force_login(bob)
    response = client.get(INDEX)
    assert figures(response)["Published this week"] == 1
    assert "Hidden" not in response.content.decode()
    response = client.get(PROGRESS)
    assert rows(response, "stuck") == ["Seen: 2 mails failed. Refused."]
    assert "Hidden" not in response.content.decode()
    assert response.context["charts"] == []  # the only reading is of a notice he may not see


def test_it_escapes_and_costs_the_same_for_one_notice_and_for_thirty(client, alice, leeds):
    def fill(count: int) -> None:
        for _ in range(count):
            make_draft("<b>Bold</b>", author=alice)
            late = make_published("<b>Bold</b>", author=alice, recipients=(leeds,), requires_acknowledgement=True, due_date=today())
            Notice.objects.filter(pk=late.pk).update(due_date=today() - timedelta(days=1))
            Delivery.objects.update(state="failed", reason="<b>Bold</b>")

    def both() -> str:
        return page(client, alice).content.decode() + progress(client, alice).content.decode()

    fill(1)
    both()
    with CaptureQueriesContext(connection) as one:
        both()
    fill(29)
    with CaptureQueriesContext(connection) as thirty:
        content = both()
    assert len(thirty) == len(one)
    assert "<b>Bold" not in content
    assert "&lt;b&gt;Bold&lt;/b&gt;" in content


def test_the_page_of_unfold_is_replaced(client, grace):
    content = page(client, grace).content.decode()
    assert "app-list" not in content
    assert "Authentication and Authorization" not in content


def test_a_steward_is_told_which_imports_wait(client, frank):
    batch = Import.objects.create(kind="groups", mode="add", state="checked", created_by=frank, summary={"wrong_rows": 3})
    Import.objects.create(kind="groups", mode="add", state="checked", created_by=make_person())
    client.force_login(frank)
    page = client.get("/admin/").content.decode()
    assert f'<a href="/admin/recipients/import/{batch.pk}/change/">Import {batch.pk}' in page
    assert page.count('/change/">Import ') == 1
    assert "3 rows are wrong" in page


def test_a_steward_is_led_to_the_people_and_groups(client, frank):
    client.force_login(frank)
    page = client.get(reverse("admin:index")).content.decode()

    assert "The people behind the notices" in page
    assert reverse("admin:recipients_recipientgroup_changelist") in page
