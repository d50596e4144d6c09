"""Who is mailed about an approval: those who are to act, once per step, however often the task runs."""

from datetime import timedelta

import pytest
from django.db import transaction

from backoffice.permissions import Role
from notices.models import Approval, ApprovalMail
from notices.services import NoticeService
from notices.services.approval_mail import ApprovalMailService
from notices.services.approval_record import MOST_ASKED
from notices.tasks import sweep, tell_of_approval
from recipients.dtos import Address
from recipients.models import User
from tests.clock import pass_time
from tests.makers import make_category, make_draft, make_person
from tests.smtp import free_port, mailers


@pytest.fixture
def draft(alice, dave):
    return make_draft(author=alice, people=(dave,), category=make_category("Safety", needs_approval=True))


def deliver() -> None:
    for step in Approval.objects.order_by("pk"):
        tell_of_approval(step.pk)
        tell_of_approval(step.pk)  # a task may run twice


def mails(mailbox) -> list[tuple[str, str]]:
    return [(to, message["Subject"]) for to, message in zip(mailbox.recipients, mailbox.messages, strict=True)]


def test_a_submission_asks_everyone_who_may_approve_and_had_no_part_in_it_once(mailbox, alice, erin, grace, bob, carol, dave, draft):
    NoticeService.set_audience(draft.pk, Address.of(people=[dave.pk, carol.pk]), actor=grace)  # so grace has a part in it
    NoticeService.submit_for_review(draft.pk, actor=alice)
    deliver()
    assert mails(mailbox) == [("erin@example.org", "To approve: Fire drill")]
    [message] = mailbox.messages
    text = message.get_body(["plain"]).get_content()
    assert "Alice Tester submitted “Fire drill” for review. It would reach 2 people." in text
    assert f"/admin/notices/notice/{draft.pk}/approval/" in text
    assert message["Message-ID"].startswith("<approval-")

    NoticeService.return_to_author(draft.pk, actor=erin, reason="Too long")
    NoticeService.submit_for_review(draft.pk, actor=alice)
    deliver()
    assert mails(mailbox)[1:] == [("alice@example.org", "Returned to you: Fire drill"), ("erin@example.org", "To approve: Fire drill")]


@pytest.mark.parametrize(
    ("act", "subject"),
    [("approve", "Approved: Fire drill"), ("return_to_author", "Returned to you: Fire drill"), ("reject", "Rejected: Fire drill")],
)
def test_a_decision_is_told_to_who_wrote_it_and_who_handed_it_in(mailbox, act, subject, alice, erin, grace, draft):
    NoticeService.submit_for_review(draft.pk, actor=grace)
    ApprovalMail.objects.all().delete()
    getattr(NoticeService, act)(draft.pk, actor=erin, reason="Well written.")
    deliver()
    assert mails(mailbox) == [("alice@example.org", subject), ("grace@example.org", subject)]
    assert "Reason: Well written." in mailbox.messages[0].get_body(["plain"]).get_content()


def test_breaking_the_glass_alerts_all_of_compliance(mailbox, alice, carol, grace, draft):
    make_person("cleo", role=Role.COMPLIANCE)
    make_person("gone", role=Role.COMPLIANCE, is_active=False)
    NoticeService.publish_without_approval(draft.pk, actor=grace, reason="Gas leak")
    deliver()
    assert mails(mailbox) == [(f"{name}@example.org", "Published without approval: Fire drill") for name in ("carol", "cleo")]
    html = mailbox.messages[0].get_body(["html"]).get_content()
    assert "Grace Tester published “Fire drill” to 1 person although it needs approval and had none." in html
    assert "Reason: Gas leak" in html


def test_the_worker_is_woken_after_the_commit_and_never_for_what_was_rolled_back(
    monkeypatch, alice, erin, draft, django_capture_on_commit_callbacks
):
    woken = []
    monkeypatch.setattr(tell_of_approval, "delay", woken.append)
    with django_capture_on_commit_callbacks(execute=True):
        NoticeService.submit_for_review(draft.pk, actor=alice)
        assert woken == []
    assert woken == [Approval.objects.get().pk]
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        NoticeService.approve(draft.pk, actor=erin)
        transaction.set_rollback(True)
    assert len(woken) == 1


def test_what_could_not_be_sent_is_sent_by_the_sweep(monkeypatch, mailbox, mail_server, settings, alice, erin, draft):
    NoticeService.submit_for_review(draft.pk, actor=alice)
    settings.MAILERS = mailers(free_port())
    deliver()
    mail = ApprovalMail.objects.get()
    assert (mail.state, mail.attempts) == ("retry", 1)
    assert "cannot be reached" in mail.reason
    assert ApprovalMailService.due() == []  # not at once

    pass_time(timedelta(minutes=1))
    settings.MAILERS = mailers(mail_server.port)
    monkeypatch.setattr(tell_of_approval, "delay", tell_of_approval)
    sweep()
    sweep()
    assert mails(mailbox) == [("erin@example.org", "To approve: Fire drill")]
    assert ApprovalMail.objects.get().state == "sent"


def test_who_has_no_address_or_left_is_not_mailed_and_the_row_says_so(mailbox, alice, erin, draft):
    make_person("ellen", role=Role.APPROVER, email="")
    NoticeService.submit_for_review(draft.pk, actor=alice)
    User.objects.filter(pk=erin.pk).update(is_active=False)
    deliver()
    assert mails(mailbox) == []
    assert set(ApprovalMail.objects.values_list("state", flat=True)) == {"suppressed"}
    assert sorted(ApprovalMail.objects.values_list("reason", flat=True)) == [
        "No e-mail address. The notice is in the inbox.",
        "No longer active.",
    ]


def test_no_more_are_asked_than_can_feel_asked(alice, draft):
    for number in range(MOST_ASKED + 2):
        make_person(f"approver{number}", role=Role.APPROVER)
    NoticeService.submit_for_review(draft.pk, actor=alice)
    assert ApprovalMail.objects.count() == MOST_ASKED
