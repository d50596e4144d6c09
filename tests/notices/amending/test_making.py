"""A change of what is on show: what each kind of it does, and what is refused."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from guardian.shortcuts import assign_perm

from backoffice.clock import today
from notices.exceptions import NoticeError, StaleNotice
from notices.models import Amendment, Delivery, Notice, ReadAcknowledgment
from notices.repositories import AudienceKeyRepository
from notices.services import DeliveryService, NoticeService
from notices.services.publishing import Confirmation
from notices.services.reading import content_digest
from notices.uploads import attachment_from
from recipients.models import User
from tests.makers import make_person
from tests.notices.amending.steps import NEW, amend, write

KINDS = ("typo", "material", "tell")


@pytest.fixture
def written(notice, alice):
    return write(notice, alice)


class TestWhileItIsWritten:
    def test_readers_see_what_is_on_show(self, notice, written):
        notice.refresh_from_db()
        assert (notice.content, notice.version) == ("<p>The drill is on Tuesday at ten.</p>", written.base_version)
        assert written.content == NEW

    @pytest.mark.parametrize("right", ["change_notice", "publish_notice"])
    def test_it_takes_the_right_to_change_and_to_publish(self, notice, alice, right):
        half = make_person("half", staff=True)
        [other] = {"change_notice", "publish_notice"} - {right}
        assign_perm(f"notices.{other}", half)
        with pytest.raises(PermissionDenied):
            write(notice, half)
        assign_perm(f"notices.{right}", half)
        assert write(notice, User.objects.get(pk=half.pk)).by == half

    def test_what_was_saved_by_another_meanwhile_is_not_overwritten_unawares(self, notice, written, alice, grace):
        with pytest.raises(StaleNotice, match="Alice Tester saved this change while you were writing"):
            write(notice, grace)
        again = write(notice, grace, version=written.version, title="Hers")
        assert (again.pk, again.title, again.version) == (written.pk, "Hers", 2)

    def test_what_makes_no_sense_is_refused_beside_its_field(self, notice, alice):
        with pytest.raises(ValidationError) as refused:
            write(notice, alice, end_date=notice.start_date - timedelta(days=1), title="")
        assert set(refused.value.message_dict) == {"title", "end_date"}
        assert not Amendment.objects.exists()

    def test_only_what_is_on_show_is_changed_in_this_way(self, notice, alice):
        NoticeService.withdraw(notice.pk, actor=alice)
        with pytest.raises(NoticeError, match="is not published, so there is nothing on show to change: it is withdrawn"):
            write(notice, alice)

    def test_discarded_it_is_gone_and_its_words_stay_in_the_history(self, notice, written, alice):
        NoticeService.discard_amendment(notice.pk, actor=alice, seen=Confirmation(1, 0))
        assert Amendment.objects.get().state == "discarded"
        assert Amendment.history.filter(content=NEW, history_user=alice).exists()
        with pytest.raises(NoticeError, match="no open change"):
            amend(notice, "typo", alice)
        assert write(notice, alice).number == 2


class TestEachKind:
    def test_a_typo_tells_nobody_and_acknowledgements_stand(self, notice, written, alice, dave):
        of_the_old = content_digest(notice)
        made = amend(notice, "typo", alice)
        notice.refresh_from_db()
        assert (notice.content, notice.revision) == (NEW, 1)
        assert not Delivery.objects.filter(kind="change").exists()
        reading = ReadAcknowledgment.objects.get(user=dave)
        assert (reading.revision, reading.content_sha256) == (1, of_the_old)
        assert (made.content_before, made.content_after) == (of_the_old, content_digest(notice))
        assert (made.acknowledged, made.people) == (1, 0)

    def test_a_material_change_asks_everyone_again(self, notice, written, alice, dave):
        made = amend(notice, "material", alice)
        notice.refresh_from_db()
        assert (notice.revision, made.revision, made.people) == (2, 2, 2)
        assert set(Delivery.objects.filter(revision=2, state="waiting").values_list("person_id", flat=True)) == {
            *notice.noticeadditionalrecipient_set.values_list("user_id", flat=True)
        }
        assert NoticeService.get_unread_count(dave) == 1
        assert ReadAcknowledgment.objects.get(user=dave).revision == 1
        old = Delivery.objects.filter(revision=1)
        assert {(d.state, d.reason) for d in old} == {
            ("cancelled", "The notice was changed before the mail left. The new version is mailed instead.")
        }

    def test_tell_only_owes_each_one_mail_and_acknowledgements_stand(self, notice, written, alice, dave):
        amend(notice, "tell", alice)
        notice.refresh_from_db()
        told = Delivery.objects.filter(kind="change")
        assert {(d.revision, d.occasion, d.state) for d in told} == {(1, 1, "waiting")}
        assert told.count() == 2
        assert NoticeService.get_unread_count(dave) == 0

    def test_told_twice_each_is_owed_a_mail_for_each_time(self, notice, written, alice):
        amend(notice, "tell", alice)
        write(notice, alice, title="Again")
        amend(notice, "tell", alice)
        assert sorted(Delivery.objects.filter(kind="change").values_list("occasion", flat=True)) == [1, 1, 2, 2]

    @pytest.mark.parametrize("kind", KINDS)
    def test_the_history_says_who_and_why_and_the_keys_fit(self, notice, written, alice, kind):
        amend(notice, kind, alice)
        row = Notice.history.filter(id=notice.pk).latest("history_id")
        assert (row.history_user, row.history_change_reason, row.content) == (alice, "The day was wrong", NEW)
        assert AudienceKeyRepository.differences() == (0, 0)

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_worker_that_is_sending_takes_no_more_of_the_old_text(self, notice, written, alice, kind):
        amend(notice, kind, alice)
        assert DeliveryService.claim(notice) is None
        assert Delivery.objects.filter(state="waiting").exists()

    def test_its_last_day_may_move(self, notice, alice):
        write(notice, alice, content=notice.content, end_date=today() + timedelta(days=3))
        amend(notice, "typo", alice)
        assert notice.audiencekey_set.values_list("ends_on", flat=True).distinct().get() == today() + timedelta(days=3)


class TestFiles:
    @pytest.fixture
    def upload(self):
        return lambda name: attachment_from(SimpleUploadedFile(name, f"See {name}.".encode()))

    @pytest.fixture
    def with_file(self, notice, alice, upload):
        NoticeService.withdraw(notice.pk, actor=alice)
        NoticeService.attach(notice.pk, upload("old.txt"), actor=alice)
        return NoticeService.publish(notice.pk, actor=alice)

    def test_they_are_part_of_the_change(self, with_file, alice, upload):
        [old] = with_file.attachments.all()
        change = write(with_file, alice, content=with_file.content, added=[upload("plan.txt")], taken_off=[old.pk])
        assert [a.name for a in with_file.attachments.all()] == ["old.txt"]
        made = amend(with_file, "material", alice, version=change.version)
        assert [a.name for a in with_file.attachments.all()] == ["plan.txt"]
        with with_file.attachments.get().file.open() as file:
            assert file.read() == b"See plan.txt."
        assert made.summary.splitlines() == ["“old.txt” is no longer attached.", "“plan.txt” is attached."]
        assert made.content_before != made.content_after

    def test_what_was_chosen_can_be_chosen_otherwise(self, with_file, alice, upload):
        [old] = with_file.attachments.all()
        change = write(with_file, alice, added=[upload("plan.txt")], taken_off=[old.pk])
        added = change.files.get(takes_off=None)
        change = write(with_file, alice, version=1, dropped=[added.pk])
        assert not change.files.exists()


class TestRefused:
    def refused(self, *arguments, **named):
        with pytest.raises(NoticeError) as refusal:
            amend(*arguments, **named)
        change = Amendment.objects.get()
        assert (change.state, change.content) == ("draft", NEW)
        assert Notice.objects.get().content != NEW
        return str(refusal.value)

    def test_without_a_reason(self, notice, written, alice):
        assert self.refused(notice, "typo", alice, reason=" ").startswith("Say why it is changed.")

    def test_without_a_kind(self, notice, written, alice):
        assert self.refused(notice, "", alice).startswith("Say what kind of change it is")

    def test_when_it_is_not_what_was_looked_at(self, notice, written, alice, grace):
        write(notice, grace, version=1)
        assert self.refused(notice, "typo", alice) == "Grace Tester changed this while you were looking. Look at it again."

    def test_while_the_notice_is_withdrawn(self, notice, written, alice):
        NoticeService.withdraw(notice.pk, actor=alice)
        assert "is withdrawn, so nothing on show can be changed. The change is kept" in self.refused(notice, "typo", alice)

    def test_when_the_notice_is_another_by_now_until_it_is_saved_again(self, notice, written, alice):
        NoticeService.withdraw(notice.pk, actor=alice)
        notice = NoticeService.publish(notice.pk, actor=alice)
        assert "The change is kept: save it again" in self.refused(notice, "typo", alice)
        write(notice, alice, version=1)
        assert amend(notice, "typo", alice, version=2).state == "applied"

    def test_when_the_audience_is_another_than_was_seen(self, notice, written, alice, dave):
        dave.is_active = False
        dave.save()
        assert "it was 2 people and is 1 now" in self.refused(notice, "material", alice)
        assert amend(notice, "typo", alice).state == "applied"  # which tells nobody

    @pytest.mark.parametrize("kind", ["material", "tell"])
    def test_when_nobody_would_find_it(self, notice, written, alice, kind):
        Notice.objects.update(start_date=today() - timedelta(days=9))
        write(notice, alice, version=1, end_date=today() - timedelta(days=1))
        assert "so nobody would find it. Set a later end first." in self.refused(notice, kind, alice, version=2)

    def test_when_a_typo_would_put_it_on_show_again(self, notice, alice):
        Notice.objects.update(start_date=today() - timedelta(days=9), end_date=today() - timedelta(days=1))
        write(notice, alice)
        write(notice, alice, version=1, end_date=None)
        assert "That is no typo" in self.refused(notice, "typo", alice, version=2)

    def test_when_everyone_would_be_late_from_the_start(self, notice, alice):
        Notice.objects.update(start_date=today() - timedelta(days=9), due_date=today() - timedelta(days=1))
        write(Notice.objects.get(), alice)
        assert "which has passed. Set a later day first." in self.refused(notice, "material", alice)

    def test_when_it_changes_nothing(self, notice, alice):
        write(notice, alice, content=notice.content)
        with pytest.raises(NoticeError, match="The change changes nothing"):
            amend(notice, "typo", alice)
