"""What the doctor says of mails and publications: each trouble is made, told, and gone when it is mended."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from backoffice.clock import today
from backoffice.health.registry import checks, look
from notices.models import Approval, ApprovalMail, AudienceKey, Delivery, Notice, ReminderMail
from notices.services import NoticeService
from notices.services.delivery import DeliveryService
from notices.services.sending.claims import Marks, settle
from tests.clock import pass_time
from tests.makers import make_category, make_draft, make_published

HOUR = timedelta(hours=1)


def told(name: str) -> list[tuple[str, str]]:
    """The level and the sentences of each finding of one check."""
    (one,) = (check for check in checks() if check.name == name)
    return [(finding.level.value, f"{finding.text} {finding.remedy}") for finding in look(one)]


@pytest.fixture
def notice(alice, dave, erin) -> Notice:
    return make_published(author=alice, people=(dave, erin))


class TestMails:
    def test_those_that_wait_for_minutes_are_well(self, notice):
        assert told("mails") == []

    def test_due_for_long_and_taken_up_by_nobody(self, notice):
        Delivery.objects.update(next_attempt_at=timezone.now() - HOUR)
        ((level, sentence),) = told("mails")
        assert level == "problem"
        assert sentence.startswith("2 mails are due, one since ")
        assert "(1 hour), and nobody takes them up. See to workers and clock" in sentence

    def test_taken_by_a_worker_that_did_not_report(self, notice):
        claim = DeliveryService.claim(notice)
        with Marks() as marks:
            marks.begin(claim, 1)
        assert told("mails") == []
        pass_time(HOUR)
        ((level, sentence),) = told("mails")
        assert level == "problem"
        assert sentence.startswith("2 mails are in the hands of workers that should have reported, one since ")

        settle([Delivery])
        ((level, sentence),) = told("mails")
        assert level == "note"
        assert sentence.startswith("1 mail may or may not have arrived, since ")

    def test_tried_again_and_again_with_the_reason(self, notice):
        later = {"next_attempt_at": timezone.now() + HOUR, "reason": "The mail server cannot be reached."}
        Delivery.objects.update(attempts=1, **later)
        assert told("mails") == []
        Delivery.objects.update(attempts=3, **later)
        ((level, sentence),) = told("mails")
        assert level == "note"
        assert "2 mails were tried several times in vain" in sentence
        assert "The mail server cannot be reached." in sentence

    def test_failed_until_the_notice_is_off_show(self, notice, alice):
        Delivery.objects.filter(person__username="dave").update(state="failed", changed_at=timezone.now())
        ((level, sentence),) = told("mails")
        assert (level, sentence[:28]) == ("note", "1 mail failed for good, since"[:28])
        NoticeService.withdraw(notice.pk, actor=alice, reason="Wrong")
        assert told("mails") == []


def test_a_scheduled_notice_whose_moment_has_passed_is_told(alice, dave):
    notice = make_draft(author=alice, people=(dave,))
    NoticeService.schedule(notice.pk, timezone.now() + HOUR, actor=alice)
    assert told("scheduled notices") == []
    Notice.objects.filter(pk=notice.pk).update(publish_at=timezone.now() - HOUR)
    ((level, sentence),) = told("scheduled notices")
    assert level == "problem"
    assert sentence.startswith("1 notice should have been published by itself since ")


class TestPublications:
    def test_one_that_owes_nobody_a_mail_is_told_until_the_sweep_mends_it(self, alice, dave):
        notice = make_draft(author=alice, people=(dave,))
        notice.publish()  # the state alone
        assert told("publications") == []  # the sweep may be on its way
        Notice.objects.filter(pk=notice.pk).update(published_at=timezone.now() - HOUR)
        ((level, sentence),) = told("publications")
        assert (level, sentence[:53]) == ("problem", "1 notice is published and owes nobody a mail. The swe"[:53])
        assert f"/notices/notice/{notice.pk}/delivery/" in sentence
        DeliveryService.mend()
        assert told("publications") == []

    def test_one_for_nobody_owes_nothing(self, alice, dave):
        notice = make_published(author=alice, people=(dave,))
        Delivery.objects.all().delete()
        dave.is_active = False
        dave.save()
        Notice.objects.filter(pk=notice.pk).update(published_at=timezone.now() - HOUR)
        assert told("publications") == []


def test_audience_keys_that_differ_are_told_until_they_are_made_anew(notice):
    assert told("audience keys") == []
    AudienceKey.objects.all().delete()
    ((level, sentence),) = told("audience keys")
    assert (level, "2 audience keys are missing" in sentence) == ("problem", True)
    call_command("rebuild_audience_keys")
    assert told("audience keys") == []


def test_mails_about_approvals_that_nobody_takes_up_are_told(alice, erin, dave):
    draft = make_draft(author=alice, people=(dave,), category=make_category(needs_approval=True))
    NoticeService.submit_for_review(draft.pk, actor=alice)
    assert Approval.objects.exists()
    assert told("mails about approvals") == []
    ApprovalMail.objects.update(next_attempt_at=timezone.now() - HOUR)
    ((level, sentence),) = told("mails about approvals")
    assert (level, "about" in sentence) == ("problem", True)


def test_reminder_mails_that_nobody_takes_up_are_told(dave):
    now = timezone.now()
    ReminderMail.objects.create(person=dave, day=now.date(), leave_by=now + HOUR, next_attempt_at=now)
    assert told("reminders") == []
    ReminderMail.objects.update(next_attempt_at=now - HOUR)
    ((level, sentence),) = told("reminders")
    assert (level, "1 reminder mail is due" in sentence) == ("problem", True)


def test_counting_what_is_open_and_what_went_wrong_reads_indexes(alice):
    """However many mails were sent, they are not read."""
    from notices.health import STATE  # noqa: PLC0415 - the one test that looks inside

    notice = make_published(author=alice, people=(alice,))
    now = timezone.now()
    sent = (Delivery(notice=notice, revision=1, person_id=-n, state="sent", next_attempt_at=now) for n in range(1, 3000))
    Delivery.objects.bulk_create(sent)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE notices_delivery, notices; SET LOCAL enable_seqscan = off")
        limits = {"stuck": HOUR, "often": 3, "late": HOUR, "today": today()}
        cursor.execute(f"EXPLAIN {STATE}", limits)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "delivery_to_do" in plan
    assert "delivery_in_trouble" in plan
    assert "Seq Scan on notices " not in plan
    assert "Seq Scan on notices_delivery" not in plan
