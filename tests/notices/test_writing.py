from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.utils import timezone
from django.utils.timezone import localdate as today  # when the cases are collected there is no database
from guardian.shortcuts import assign_perm

from notices.exceptions import NoticeError, StaleNotice
from notices.models import Attachment, Notice, NoticeAdditionalRecipient, NoticeRecipient, NoticeRecipientGroup
from notices.repositories import NoticeRepository
from notices.services import NoticeService
from recipients.dtos import Address
from tests.makers import make_draft, make_group, make_person, make_recipient

DAY = timedelta(days=1)


@pytest.fixture
def draft(alice, dave):
    return make_draft(author=alice, people=(dave,))


def edited(notice, **fields) -> Notice:
    """The notice as a form holds it that was opened now."""
    copy = Notice.objects.get(pk=notice.pk)
    for name, value in fields.items():
        setattr(copy, name, value)
    return copy


class TestSaving:
    def test_an_author_writes_and_rewrites(self, alice, draft):
        NoticeService.save_changes(edited(draft, title="Fire drill on Friday"), actor=alice, version=draft.version)

        stored = Notice.objects.get()
        assert (stored.title, stored.modified_by, stored.version) == ("Fire drill on Friday", alice, draft.version + 1)

    def test_it_needs_the_permission_on_this_very_notice(self, alice, bob, draft):
        other = make_draft("Other", author=alice)
        assign_perm("notices.change_notice", bob, other)

        with pytest.raises(PermissionDenied, match="may not change “Fire drill”"):
            NoticeService.save_changes(edited(draft), actor=bob, version=draft.version)
        NoticeService.save_changes(edited(other, title="Mine"), actor=bob, version=other.version)
        assert Notice.objects.get(pk=other.pk).title == "Mine"

    def test_of_two_editors_the_second_is_told_and_nothing_is_lost(self, alice, grace, draft):
        hers, mine = edited(draft, title="Hers"), edited(draft, title="Mine")
        NoticeService.save_changes(hers, actor=grace, version=draft.version)

        with pytest.raises(StaleNotice, match="“Hers” was changed by Grace Tester since you opened this page"):
            NoticeService.save_changes(mine, actor=alice, version=draft.version)
        assert Notice.objects.get().title == "Hers"

    @pytest.mark.parametrize(
        ("field", "value", "sentence"),
        [
            ("title", "x" * 201, "at most 200 characters"),
            ("title", "", "cannot be blank"),
            ("content", "<script>alert(1)</script>", "cannot be blank"),
            ("end_date", today() - DAY, "The end is before the start"),
            ("due_date", today() - DAY, "before the notice is on show"),
        ],
    )
    def test_what_is_wrong_is_refused_beside_its_field(self, alice, draft, field, value, sentence):
        with pytest.raises(ValidationError, match=sentence) as caught:
            NoticeService.save_changes(edited(draft, **{field: value}), actor=alice, version=draft.version)
        assert field in caught.value.message_dict
        assert Notice.objects.get().version == draft.version

    def test_due_after_the_end_is_refused_and_on_the_last_day_accepted(self, alice, draft):
        with pytest.raises(ValidationError, match="gone by then"):
            NoticeService.save_changes(edited(draft, end_date=today(), due_date=today() + DAY), actor=alice, version=draft.version)
        NoticeService.save_changes(edited(draft, end_date=today(), due_date=today()), actor=alice, version=draft.version)

    @pytest.mark.parametrize(
        ("hostile", "clean"),
        [
            ("<p onclick='x()'>Hello</p>", "<p>Hello</p>"),
            ("<p>Hello</p><script>alert(1)</script>", "<p>Hello</p>"),
            ('<p>Hello <img src=x onerror="x()"></p>', "<p>Hello </p>"),
            ("<p>Hello</p><svg><script>x()</script></svg>", "<p>Hello</p>"),
            ('<p><a href="javascript:x()">Hello</a></p>', '<p><a rel="noopener noreferrer">Hello</a></p>'),
            ("<p>Hello</p><iframe src='//evil'></iframe>", "<p>Hello</p>"),
            ("<p style='position:fixed'>Hello</p>", "<p>Hello</p>"),
        ],
    )
    def test_hostile_html_is_cleaned_however_it_is_saved(self, alice, draft, hostile, clean):
        NoticeService.save_changes(edited(draft, content=hostile), actor=alice, version=draft.version)
        assert Notice.objects.get().content == clean

        Notice.objects.update(content=hostile)
        assert Notice.objects.get().content == clean
        assert set(Notice.history.filter(history_type="~").exclude(content=draft.content).values_list("content", flat=True)) == {clean}

    @pytest.mark.parametrize(
        ("act", "advice"),
        [
            (lambda n, a: NoticeService.publish(n.pk, actor=a), "or withdraw it to change it."),
            (lambda n, a: NoticeService.schedule(n.pk, timezone.now() + DAY, actor=a), "It is scheduled: cancel the schedule"),
            (lambda n, a: NoticeService.submit_for_review(n.pk, actor=a), "It is in review: return it to the author"),
        ],
    )
    def test_what_is_on_its_way_or_on_show_is_not_editable_and_says_what_to_do(self, alice, draft, act, advice):
        notice = act(draft, alice)
        acts = [
            lambda: NoticeService.save_changes(edited(notice, title="Changed"), actor=alice, version=notice.version),
            lambda: NoticeService.set_audience(notice.pk, Address.of(people=[alice.pk]), actor=alice),
            lambda: NoticeService.attach(notice.pk, Attachment(file=ContentFile(b"x", "x.txt")), actor=alice),
        ]
        for change in acts:
            with pytest.raises(NoticeError, match=advice):
                change()

    def test_a_withdrawn_notice_is_editable_again(self, alice, draft):
        NoticeService.publish(draft.pk, actor=alice)
        notice = NoticeService.withdraw(draft.pk, actor=alice)
        NoticeService.save_changes(edited(notice, title="Changed"), actor=alice, version=notice.version)
        assert Notice.objects.get().title == "Changed"

    def test_what_is_in_the_trash_or_gone_is_not_saved(self, alice, grace, draft):
        copy = edited(draft, title="Changed")
        NoticeService.delete(draft.pk, actor=alice)
        with pytest.raises(NoticeError, match=r"is in the trash\. Restore it first"):
            NoticeService.save_changes(copy, actor=alice, version=draft.version)
        NoticeService.destroy(draft.pk, actor=grace)
        with pytest.raises(NoticeError, match="no longer exists"):
            NoticeService.save_changes(copy, actor=alice, version=draft.version)


class TestAudience:
    @pytest.fixture
    def address(self, dave):
        recipients = [make_recipient().pk, make_recipient().pk]
        return Address.of(recipients, [make_group().pk], [dave.pk])

    def test_it_becomes_exactly_what_was_asked(self, alice, draft, address):
        NoticeService.set_audience(draft.pk, address, actor=alice)
        assert NoticeRepository.address_of(draft) == address

        fewer = Address.of(address.recipient_ids[:1])
        NoticeService.set_audience(draft.pk, fewer, actor=alice)
        assert NoticeRepository.address_of(draft) == fewer

    def test_setting_the_same_again_changes_nothing(self, alice, draft, address):
        first = NoticeService.set_audience(draft.pk, address, actor=alice)
        links = [list(model.objects.order_by("pk")) for model in (NoticeRecipient, NoticeRecipientGroup, NoticeAdditionalRecipient)]
        history = Notice.history.count()

        again = NoticeService.set_audience(draft.pk, address, actor=alice)
        assert (again.version, Notice.history.count()) == (first.version, history)
        assert links == [list(model.objects.order_by("pk")) for model in (NoticeRecipient, NoticeRecipientGroup, NoticeAdditionalRecipient)]

    def test_what_stays_keeps_its_row(self, alice, draft, address):
        NoticeService.set_audience(draft.pk, address, actor=alice)
        kept = NoticeRecipient.objects.order_by("recipient_id").first()
        NoticeService.set_audience(draft.pk, Address.of([kept.recipient_id]), actor=alice)
        assert NoticeRecipient.objects.get() == kept

    def test_it_raises_the_version_so_that_an_open_form_is_refused(self, alice, draft, address):
        NoticeService.set_audience(draft.pk, address, actor=alice, version=draft.version)
        with pytest.raises(StaleNotice):
            NoticeService.set_audience(draft.pk, Address(), actor=alice, version=draft.version)
        with pytest.raises(StaleNotice):
            NoticeService.save_changes(edited(draft), actor=alice, version=draft.version)
        assert NoticeRepository.address_of(draft) == address

    def test_it_needs_the_permission_to_change_the_notice(self, alice, bob, carol, draft, address):
        for stranger in (bob, carol):
            with pytest.raises(PermissionDenied):
                NoticeService.set_audience(draft.pk, address, actor=stranger)
        NoticeService.set_audience(draft.pk, address, actor=alice)

    def test_one_addressee_that_is_gone_leaves_all_as_it_was(self, alice, draft, address):
        before = NoticeRepository.address_of(draft)
        with pytest.raises(NoticeError, match="no longer exists"):
            NoticeService.set_audience(draft.pk, Address.of(address.recipient_ids, [10**9]), actor=alice)
        assert NoticeRepository.address_of(draft) == before


class TestHistory:
    def test_writing_leaves_rows_with_the_actor(self, alice, grace, draft):
        NoticeService.save_changes(edited(draft, title="Changed"), actor=grace, version=draft.version)

        rows = list(draft.history.order_by("history_id"))
        assert [(row.history_type, row.history_user) for row in rows] == [("+", alice), ("~", grace)]
        assert rows[-1].title == "Changed"

    def test_each_link_has_rows_of_its_own(self, alice, grace, dave, draft):
        other = make_person()
        NoticeService.set_audience(draft.pk, Address.of(people=[other.pk]), actor=grace)

        rows = NoticeAdditionalRecipient.history.order_by("history_id").values_list("history_type", "user_id", "history_user_id")
        assert sorted(rows) == sorted([("+", dave.pk, alice.pk), ("+", other.pk, grace.pk), ("-", dave.pk, grace.pk)])

    def test_an_attachment_too(self, grace, draft, settings, tmp_path):
        settings.MEDIA_ROOT = tmp_path
        attachment = NoticeService.attach(draft.pk, Attachment(file=ContentFile(b"x", "x.txt"), name="x.txt"), actor=grace)
        assert attachment.history.get().history_user == grace

    def test_a_refused_change_leaves_none(self, bob, draft):
        before = Notice.history.count()
        with pytest.raises(PermissionDenied):
            NoticeService.save_changes(edited(draft, title="Changed"), actor=bob, version=draft.version)
        assert Notice.history.count() == before

    def test_the_next_save_does_not_repeat_the_reason_of_the_last(self, alice, dave, draft):
        notice = NoticeService.publish(draft.pk, actor=alice, reason="Agreed")
        notice.title = "Changed"
        notice.save()
        assert [row.history_change_reason for row in notice.history.all()[:2]] == [None, "Agreed"]
