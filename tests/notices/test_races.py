"""Two people, or two workers, at the very same moment: on real connections of their own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.utils import timezone

from notices.models import Amendment, Approval, AudienceKey, Delivery, Favourite, Notice, ReadAcknowledgment
from notices.pinning import digest_of
from notices.repositories import AudienceKeyRepository
from notices.services import DeliveryService, NoticeService
from notices.services.approval_mail import ApprovalMailService
from notices.services.publishing import Confirmation
from notices.services.reading import content_digest
from recipients.dtos import Address
from recipients.models import User
from tests.makers import make_category, make_draft, make_published
from tests.notices.amending.steps import amend, write
from tests.smtp import MailServer, mailers

pytestmark = pytest.mark.django_db(transaction=True)


def together(*acts: Callable[[], Any]) -> list[Any]:
    """Do all of this at the same time, each on its own connection; refusals are results too."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            barrier.wait(10)
            return act()
        except (ValidationError, PermissionDenied) as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


@pytest.fixture
def draft(alice, dave, erin):
    return make_draft(author=alice, people=(dave, erin))


def test_published_by_two_at_once_it_is_published_once(draft, alice, erin):
    results = together(*(lambda actor=actor: NoticeService.publish(draft.pk, actor=actor) for actor in (alice, erin)))

    [refusal] = [result for result in results if isinstance(result, ValidationError)]
    assert refusal.messages == ["“Fire drill” is already published."]
    notice = Notice.objects.get()
    assert (notice.revision, notice.version) == (1, draft.version + 1)
    assert Delivery.objects.count() == AudienceKey.objects.count() == 2
    assert notice.history.filter(status="published").count() == 1


def test_due_for_two_workers_at_once_it_is_published_once(draft, alice):
    NoticeService.schedule(draft.pk, timezone.now() + timedelta(hours=1), actor=alice)
    Notice.objects.update(publish_at=timezone.now())
    results = together(*[lambda: NoticeService.publish_due(draft.pk)] * 3)
    assert sorted(results) == [False, False, True]
    assert Delivery.objects.count() == 2


def test_withdrawn_and_published_again_at_once_the_books_are_in_order(draft, alice, erin):
    NoticeService.publish(draft.pk, actor=alice)
    together(lambda: NoticeService.withdraw(draft.pk, actor=alice), lambda: NoticeService.publish(draft.pk, actor=erin))

    notice = Notice.objects.get()
    assert (notice.status, notice.revision) in {("withdrawn", 1), ("published", 2)}
    assert AudienceKeyRepository.differences() == (0, 0)


def test_deleted_and_published_at_once_only_one_of_them_happens(draft, alice, erin):
    results = together(lambda: NoticeService.delete(draft.pk, actor=alice), lambda: NoticeService.publish(draft.pk, actor=erin))
    assert sum(isinstance(result, ValidationError) for result in results) == 1
    notice = Notice.all_objects.get()
    assert notice.is_deleted is not notice.is_published


def test_of_two_editors_at_once_one_is_told(draft, alice, grace):
    def save(title: str, actor: User) -> None:
        copy = Notice.objects.get(pk=draft.pk)
        copy.title = title
        NoticeService.save_changes(copy, actor=actor, version=draft.version)

    results = together(lambda: save("Hers", grace), lambda: save("Mine", alice))
    assert sum(isinstance(result, ValidationError) for result in results) == 1
    assert Notice.objects.get().version == draft.version + 1


def test_the_audience_changed_while_publishing_is_told_or_refused_never_half(draft, alice, dave, erin):
    only_dave = Address.of(people=[dave.pk])
    together(lambda: NoticeService.set_audience(draft.pk, only_dave, actor=alice), lambda: NoticeService.publish(draft.pk, actor=erin))
    addressed = set(Notice.objects.get().noticeadditionalrecipient_set.values_list("user_id", flat=True))
    assert set(Delivery.objects.values_list("person_id", flat=True)) == addressed


@pytest.mark.parametrize(
    ("act", "model"),
    [
        (NoticeService.mark_as_read, ReadAcknowledgment),
        (NoticeService.acknowledge, ReadAcknowledgment),
        (lambda notice, person: NoticeService.set_favourite(notice, person, favourite=True), Favourite),
    ],
)
def test_clicked_several_times_at_once_it_is_one_row(alice, dave, act, model):
    notice = make_published(author=alice, people=(dave,), requires_acknowledgement=True)
    results = together(*[lambda: act(notice, dave)] * 4)

    row = model.objects.get()
    assert {getattr(result, "pk", row.pk) for result in results} == {row.pk}
    assert model.history.filter(history_type="+").count() == 1


def test_acknowledged_while_it_is_withdrawn_it_is_one_or_the_other(alice, dave):
    notice = make_published(author=alice, people=(dave,), requires_acknowledgement=True)
    acknowledged, _ = together(lambda: NoticeService.acknowledge(notice, dave), lambda: NoticeService.withdraw(notice.pk, actor=alice))
    assert isinstance(acknowledged, PermissionDenied) is not ReadAcknowledgment.objects.exists()


class TestApproval:
    @pytest.fixture
    def in_review(self, alice, dave):
        notice = make_draft(author=alice, people=(dave,), category=make_category("Safety", needs_approval=True))
        return NoticeService.submit_for_review(notice.pk, actor=alice)

    @pytest.mark.parametrize("other", ["approve", "return_to_author", "reject"])
    def test_of_two_who_decide_at_once_one_decides_and_one_is_told(self, other, in_review, erin, grace):
        results = together(
            lambda: NoticeService.approve(in_review.pk, actor=erin),
            lambda: getattr(NoticeService, other)(in_review.pk, actor=grace, reason="Too long"),
        )
        [refusal] = [result for result in results if isinstance(result, ValidationError)]
        assert "is not in review" in refusal.messages[0]
        assert Approval.objects.exclude(decision="submitted").count() == 1

    def test_edited_or_approved_at_once_the_approval_is_of_what_is_there(self, in_review, alice, erin, grace):
        seen = Confirmation(in_review.version, 1, digest_of(in_review))

        def edit() -> None:
            NoticeService.return_to_author(in_review.pk, actor=grace, reason="Mine first")
            NoticeService.set_audience(in_review.pk, Address.of(people=[erin.pk]), actor=alice)
            NoticeService.submit_for_review(in_review.pk, actor=alice)

        together(edit, lambda: NoticeService.approve(in_review.pk, actor=erin, seen=seen))
        for step in Approval.objects.filter(decision="approved"):
            assert step.digest == seen.digest == digest_of(Notice.objects.get())

    def test_changed_and_published_at_once_what_goes_out_was_approved(self, in_review, alice, dave, erin):
        NoticeService.approve(in_review.pk, actor=erin)
        together(
            lambda: NoticeService.set_audience(in_review.pk, Address.of(people=[dave.pk, erin.pk]), actor=alice),
            lambda: NoticeService.publish(in_review.pk, actor=alice),
        )
        notice = Notice.objects.get()
        approved = Approval.objects.get(decision="approved").digest
        assert (notice.status == "published") is (digest_of(notice) == approved)
        assert notice.status in {"published", "draft"}

    def test_told_by_two_workers_at_once_each_is_mailed_once(self, in_review, erin, grace, alice, settings):
        NoticeService.return_to_author(in_review.pk, actor=erin, reason="Again")
        NoticeService.submit_for_review(in_review.pk, actor=alice)
        step = Approval.objects.latest("pk")
        server = MailServer()
        server.start()
        settings.MAILERS = mailers(server.port)
        together(*[lambda: ApprovalMailService.send(step.pk)] * 3)
        server.stop()
        assert sorted(server.handler.recipients) == ["erin@example.org", "grace@example.org"]


class TestWorkers:
    @pytest.fixture
    def notice(self, alice):
        readers = User.objects.bulk_create(User(username=f"reader{n}", email=f"reader{n}@example.org") for n in range(60))
        return make_published(author=alice, people=tuple(readers))

    def test_two_that_claim_at_once_never_share_a_row(self, notice):
        batches = together(*[lambda: DeliveryService.claim(notice, batch=10)] * 6)
        ids = [mail.id for claim in batches if claim for mail in claim.mails]
        assert len(set(ids)) == len(ids)
        assert Delivery.objects.filter(state="claimed").count() == len(ids)

    def test_rows_that_another_holds_are_passed_over_without_waiting(self, notice):
        def claim_meanwhile() -> int:
            with ThreadPoolExecutor(1) as pool:
                return pool.submit(lambda: [len(DeliveryService.claim(notice, batch=100).mails), connection.close()][0]).result(5)

        with transaction.atomic():
            mine = DeliveryService.claim(notice, batch=10)
            assert (len(mine.mails), claim_meanwhile()) == (10, 50)

    def test_several_that_deliver_at_once_send_each_mail_once(self, notice, settings):
        server = MailServer()
        server.start()
        settings.MAILERS = mailers(server.port)
        done = together(*[lambda: DeliveryService.deliver(notice.pk)] * 3)
        server.stop()

        assert sum(done) == 60
        assert len(set(server.handler.recipients)) == len(server.handler.recipients) == 60
        assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}

    def test_sweeps_at_once_mend_a_publication_once(self, alice, dave):
        draft = make_draft(author=alice, people=(dave,))
        draft.publish()
        together(*[DeliveryService.mend] * 3)
        assert Delivery.objects.filter(notice=draft).count() == 1
        assert AudienceKeyRepository.differences() == (0, 0)

    def test_a_withdrawal_waits_for_no_worker_longer_than_a_claim(self, notice, alice):
        together(lambda: DeliveryService.claim(notice), lambda: NoticeService.withdraw(notice.pk, actor=alice))
        assert DeliveryService.claim(notice) is None
        assert not Delivery.objects.filter(state="waiting").exists()


class TestChanges:
    """Of what is on show."""

    @pytest.fixture
    def notice(self, alice, dave, erin):
        return make_published(author=alice, people=(dave, erin), requires_acknowledgement=True)

    def test_made_by_two_at_once_it_is_made_once(self, notice, alice, grace):
        write(notice, alice)
        results = together(*(lambda actor=actor: amend(notice, "material", actor) for actor in (alice, grace)))
        assert sum(isinstance(result, ValidationError) for result in results) == 1
        now = Notice.objects.get()
        assert (now.revision, now.version) == (2, notice.version + 1)
        assert Delivery.objects.filter(revision=2).count() == 2

    def test_begun_by_two_at_once_one_is_told(self, notice, alice, grace):
        results = together(*(lambda actor=actor: write(notice, actor) for actor in (alice, grace)))
        assert sum(isinstance(result, ValidationError) for result in results) == 1
        assert Amendment.objects.count() == 1

    def test_saved_and_made_at_once_what_is_made_was_seen(self, notice, alice, grace):
        write(notice, alice)
        together(lambda: write(notice, grace, version=1, title="Hers"), lambda: amend(notice, "typo", alice))
        assert (Notice.objects.get().title == "Hers") is False

    def test_made_while_it_is_withdrawn_it_is_one_before_the_other(self, notice, alice, grace):
        write(notice, alice)
        made, _ = together(lambda: amend(notice, "material", alice), lambda: NoticeService.withdraw(notice.pk, actor=grace))
        assert isinstance(made, ValidationError) is (Amendment.objects.get().state == "draft")
        assert not Delivery.objects.filter(state="waiting").exists()
        assert AudienceKeyRepository.differences() == (0, 0)

    def test_acknowledged_while_it_changes_it_is_the_one_text_or_the_other(self, notice, alice, dave):
        write(notice, alice)
        of_the_old = content_digest(notice)
        made, _ = together(lambda: amend(notice, "typo", alice), lambda: NoticeService.acknowledge(notice, dave, revision=1))
        assert ReadAcknowledgment.objects.get().content_sha256 in {made.content_before, made.content_after}
        assert made.content_before == of_the_old

    def test_a_worker_that_claims_meanwhile_holds_nothing_of_the_old_text(self, notice, alice):
        write(notice, alice)
        together(lambda: DeliveryService.claim(notice, batch=1), lambda: amend(notice, "tell", alice))
        assert DeliveryService.claim(notice) is None
        assert not Delivery.objects.filter(state="claimed").exists()
