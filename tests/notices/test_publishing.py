from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from guardian.shortcuts import assign_perm

from backoffice.clock import today
from notices.exceptions import NoticeError, StaleNotice
from notices.models import Attachment, AudienceKey, Delivery, Notice
from notices.repositories import AudienceKeyRepository, NoticeRepository
from notices.services import DeliveryService, NoticeService
from notices.services.publishing import Confirmation
from notices.uploads import attachment_from
from recipients.models import RoleAssignment
from tests.clock import travel
from tests.makers import make_draft, make_group, make_person, make_published, make_recipient

DAY = timedelta(days=1)


@pytest.fixture
def leeds(dave, erin):
    return make_recipient("Site Leeds", members=(dave, erin))


@pytest.fixture
def draft(alice, leeds):
    return make_draft(author=alice, recipients=(leeds,), groups=(make_group(recipients=(leeds,), people=(alice,)),))


def refused(notice, sentence: str, *, actor, **arguments) -> None:
    """Publishing is refused with this sentence, and nothing at all has changed."""
    before = Notice.objects.get(pk=notice.pk)
    history = Notice.history.count()
    with pytest.raises(NoticeError, match=sentence):
        NoticeService.publish(notice.pk, actor=actor, **arguments)
    after = Notice.objects.get(pk=notice.pk)
    assert (after.status, after.version, after.revision) == (before.status, before.version, before.revision)
    assert Notice.history.count() == history
    if not before.is_published:
        assert not Delivery.objects.exists()
        assert not AudienceKey.objects.exists()


class TestPermission:
    def test_publish_needs_permission_on_this_very_notice(self, alice, bob, draft):
        other = make_draft("Other", author=alice)
        to_send = ("address_recipient", "address_recipientgroup", "view_user")
        bob.user_permissions.set(Permission.objects.filter(codename__in=to_send))
        assign_perm("notices.publish_notice", bob, other)
        with pytest.raises(PermissionDenied, match="may not publish “Fire drill”"):
            NoticeService.publish(draft.pk, actor=bob)

        assign_perm("notices.publish_notice", bob, draft)  # same set-up
        assert NoticeService.publish(draft.pk, actor=bob).is_published

    @pytest.mark.parametrize("who", ["carol", "dave", "frank"])
    def test_no_role_without_the_right_publishes(self, request, draft, who):
        with pytest.raises(PermissionDenied):
            NoticeService.publish(draft.pk, actor=request.getfixturevalue(who))

    @pytest.mark.parametrize("who", ["alice", "erin", "grace"])
    def test_authors_approvers_and_administrators_publish(self, request, draft, who):
        assert NoticeService.publish(draft.pk, actor=request.getfixturevalue(who)).is_published

    def test_an_account_that_was_closed_publishes_nothing(self, alice, draft):
        alice.is_active = False
        alice.save()
        with pytest.raises(PermissionDenied):
            NoticeService.publish(draft.pk, actor=alice)

    def test_withdrawing_needs_it_too(self, alice, bob, carol, draft):
        NoticeService.publish(draft.pk, actor=alice)
        for stranger in (bob, carol):
            with pytest.raises(PermissionDenied):
                NoticeService.withdraw(draft.pk, actor=stranger)
        assert not NoticeService.withdraw(draft.pk, actor=alice).is_published


class TestPublishing:
    def test_it_owes_each_person_one_delivery(self, alice, dave, erin, draft):
        NoticeService.publish(draft.pk, actor=alice)

        assert set(Delivery.objects.values_list("person_id", flat=True)) == {alice.pk, dave.pk, erin.pk}
        assert Delivery.objects.count() == 3
        assert AudienceKey.objects.filter(notice=draft).count() == 2
        assert AudienceKeyRepository.differences() == (0, 0)
        assert NoticeRepository.unread_count(dave) == 1
        [mine] = NoticeRepository.inbox_page(dave)
        assert (mine.pk, mine.was_read, mine.is_favourite) == (draft.pk, False, False)
        NoticeService.mark_as_read(draft, dave)
        assert NoticeRepository.unread_count(dave) == 0

    def test_someone_without_an_address_finds_it_in_the_inbox_only(self, alice, leeds):
        person = make_person(email="")
        RoleAssignment.objects.create(user=person, recipient=leeds)
        NoticeService.publish(make_draft(author=alice, recipients=(leeds,)).pk, actor=alice)

        delivery = Delivery.objects.get(person=person)
        assert (delivery.state, delivery.reason) == ("suppressed", "No e-mail address. The notice is in the inbox.")
        assert NoticeRepository.unread_count(person) == 1

    def test_someone_inactive_is_owed_nothing(self, alice, dave, draft):
        dave.is_active = False
        dave.save()
        NoticeService.publish(draft.pk, actor=alice)
        assert not Delivery.objects.filter(person=dave).exists()
        assert Delivery.objects.count() == 2

    def test_mails_of_a_notice_that_begins_later_wait_for_its_first_day(self, alice, leeds):
        with travel("2027-07-01T12:00:00Z", tick=False):
            make_published(author=alice, recipients=(leeds,), start_date=today() + DAY)
        assert {d.next_attempt_at.isoformat() for d in Delivery.objects.all()} == {"2027-07-01T23:00:00+00:00"}

    def test_rolled_back_it_leaves_no_row(self, alice, draft):
        history = Notice.history.count()

        @transaction.atomic
        def publish_and_fail():
            NoticeService.publish(draft.pk, actor=alice)
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            publish_and_fail()

        assert Notice.objects.get().status == "draft"
        assert not Delivery.objects.exists()
        assert not AudienceKey.objects.exists()
        assert Notice.history.count() == history


class TestRefused:
    def test_already_published(self, alice, draft):
        NoticeService.publish(draft.pk, actor=alice)
        refused(draft, "“Fire drill” is already published.", actor=alice)
        assert Delivery.objects.count() == 3

    def test_addressed_to_nobody(self, alice):
        refused(make_draft(author=alice), "addresses nobody. Choose its audience first", actor=alice)

    def test_addressed_to_inactive_people_only(self, alice, dave):
        dave.is_active = False
        dave.save()
        notice = make_draft(author=alice, people=(dave,))
        refused(notice, "Nobody active is in the audience", actor=alice)

        dave.is_active = True
        dave.save()
        assert NoticeService.publish(notice.pk, actor=alice).is_published

    def test_addressed_to_an_empty_entity(self, alice):
        refused(make_draft(author=alice, recipients=(make_recipient(),)), "Nobody active", actor=alice)

    def test_a_group_in_the_trash(self, alice, dave):
        group = make_group("Night shift", people=(dave,))
        notice = make_draft(author=alice, groups=(group,), people=(dave,))
        group.delete()
        refused(notice, "The group “Night shift” is in the trash. Restore it, or take it out", actor=alice)

        group.restore()
        assert NoticeService.publish(notice.pk, actor=alice).is_published

    def test_ended(self, alice, dave):
        notice = make_draft(author=alice, people=(dave,), start_date=today() - 2 * DAY, end_date=today() - DAY)
        refused(notice, "ended on .* Set a later end first", actor=alice)

        Notice.objects.update(end_date=today())  # the last day still counts
        assert NoticeService.publish(notice.pk, actor=alice).is_published

    def test_due_in_the_past(self, alice, dave):
        notice = make_draft(author=alice, people=(dave,), start_date=today() - 2 * DAY, due_date=today() - DAY)
        refused(notice, "was to be acknowledged by .* Set a later day first", actor=alice)

        Notice.objects.update(due_date=today())
        assert NoticeService.publish(notice.pk, actor=alice).is_published

    def test_in_the_trash(self, alice, draft):
        NoticeService.delete(draft.pk, actor=alice)
        with pytest.raises(NoticeError, match="is in the trash"):
            NoticeService.publish(draft.pk, actor=alice)

    def test_not_there_at_all(self, alice):
        with pytest.raises(NoticeError, match="no longer exists"):
            NoticeService.publish(0, actor=alice)


class TestConfirmation:
    def test_one_that_saw_the_present_state_is_accepted(self, alice, draft):
        assert NoticeService.publish(draft.pk, actor=alice, seen=Confirmation(draft.version, people=3)).is_published

    def test_an_older_version_is_refused(self, alice, grace, draft):
        seen = Confirmation(draft.version, people=3)
        copy = Notice.objects.get()
        NoticeService.save_changes(copy, actor=grace, version=draft.version)
        refused(draft, "was changed by Grace Tester since you opened this page", actor=alice, seen=seen)
        with pytest.raises(StaleNotice):
            NoticeService.publish(draft.pk, actor=alice, seen=seen)

    def test_another_number_of_people_is_refused(self, alice, draft, leeds):
        seen = Confirmation(draft.version, people=3)
        joiner = RoleAssignment.objects.create(user=make_person(), recipient=leeds)
        refused(draft, "it was 3 people and is 4 now. Look again", actor=alice, seen=seen)

        joiner.delete()
        assert NoticeService.publish(draft.pk, actor=alice, seen=seen).is_published

    def test_a_file_attached_or_taken_off_since_makes_it_stale(self, alice, grace, draft, settings, tmp_path):
        settings.MEDIA_ROOT = str(tmp_path)
        for act in (
            lambda: NoticeService.attach(draft.pk, attachment_from(SimpleUploadedFile("plan.txt", b"Plan")), actor=grace),
            lambda: NoticeService.detach(draft.attachments.get().pk, actor=grace),
        ):
            seen = Confirmation(version=Notice.objects.get().version, people=3)
            act()
            refused(draft, "was changed by Grace Tester", actor=alice, seen=seen)
        assert list(Attachment.history.order_by("history_id").values_list("history_type", "history_user")) == [
            ("+", grace.pk),
            ("-", grace.pk),
        ]

    def test_someone_who_joins_in_the_very_moment_is_confirmed_or_not_told(self, alice, draft, leeds, monkeypatch):
        """The number is that of the deliveries made, not of a count before them."""
        owe = DeliveryService.owe

        def joined_first(notice):
            RoleAssignment.objects.create(user=make_person(), recipient=leeds)
            return owe(notice)

        monkeypatch.setattr(DeliveryService, "owe", joined_first)
        refused(draft, "it was 3 people and is 4 now", actor=alice, seen=Confirmation(version=draft.version, people=3))


class TestWithdrawing:
    def test_it_takes_the_notice_off_show_at_once_and_stops_the_mails(self, alice, dave, draft):
        NoticeService.publish(draft.pk, actor=alice)
        Delivery.objects.filter(person=alice).update(state="sent")
        notice = NoticeService.withdraw(draft.pk, actor=alice, reason="Wrong day")

        assert (notice.status, notice.is_published, notice.status_reason) == ("withdrawn", False, "Wrong day")
        assert notice.withdrawn_at is not None
        assert NoticeRepository.inbox_page(dave) == []
        assert NoticeRepository.unread_count(dave) == 0
        assert AudienceKeyRepository.differences() == (0, 0)
        assert NoticeRepository.figures(notice) | {"sent": 1, "cancelled": 2, "expected": 3} == NoticeRepository.figures(notice)

    def test_only_what_is_published(self, alice, draft):
        with pytest.raises(NoticeError, match="“Fire drill” is not published: it is draft"):
            NoticeService.withdraw(draft.pk, actor=alice)

    def test_published_again_it_is_a_new_revision_and_everyone_is_told_again(self, alice, dave, leeds, draft):
        NoticeService.publish(draft.pk, actor=alice)
        NoticeService.mark_as_read(Notice.objects.get(), dave)
        NoticeService.withdraw(draft.pk, actor=alice)
        RoleAssignment.objects.create(user=make_person(), recipient=leeds)
        notice = NoticeService.publish(draft.pk, actor=alice)

        assert (notice.revision, notice.withdrawn_at) == (2, None)
        assert Delivery.objects.filter(revision=1).count() == 3
        assert Delivery.objects.filter(revision=2, state="waiting").count() == 4
        assert NoticeRepository.unread_count(dave) == 1
        assert NoticeRepository.figures(notice)["expected"] == 4

    def test_publishing_for_the_first_time_is_revision_one(self, alice, draft):
        assert NoticeService.publish(draft.pk, actor=alice).revision == 1


class TestHistory:
    def test_publishing_and_withdrawing_leave_one_row_each_with_actor_and_reason(self, alice, erin, draft):
        before = draft.history.count()
        NoticeService.publish(draft.pk, actor=erin, reason="Approved by the board")
        NoticeService.withdraw(draft.pk, actor=alice, reason="Wrong day")

        withdrawn, published = draft.history.all()[: draft.history.count() - before]
        assert (published.history_user, published.history_change_reason, published.status) == (erin, "Approved by the board", "published")
        assert (withdrawn.history_user, withdrawn.history_change_reason, withdrawn.status) == (alice, "Wrong day", "withdrawn")
        assert (published.published_at is None, withdrawn.published_at) == (False, None)

    def test_so_does_the_way_through_review(self, alice, erin, draft):
        before = draft.history.count()
        NoticeService.submit_for_review(draft.pk, actor=alice)
        NoticeService.return_to_author(draft.pk, actor=erin, reason="Too long")
        rows = draft.history.all()[: draft.history.count() - before]
        assert [(r.status, r.history_user, r.history_change_reason) for r in rows] == [
            ("draft", erin, "Too long"),
            ("in_review", alice, None),
        ]
