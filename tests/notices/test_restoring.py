"""Taking back an earlier version: chosen fields, or all of it as a new draft."""

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from guardian.shortcuts import assign_perm, remove_perm

from notices.exceptions import NoticeError, StaleNotice
from notices.models import Category, Delivery, Notice
from notices.repositories import NoticeRepository
from notices.services import NoticeService
from notices.services.restoring import FIELDS
from notices.uploads import attachment_from
from recipients.dtos import Address
from tests.makers import make_category, make_draft, make_group, make_person, make_recipient

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def changed(alice, dave):
    """A draft whose title and text are no longer what they were."""
    draft = make_draft("Fire drill", author=alice, people=(dave,), content="<p>First</p>")
    draft.title, draft.content, draft.requires_acknowledgement = "Evacuation", "<p>Second</p>", True
    NoticeService.save_changes(draft, actor=alice, version=draft.version)
    return draft


def first(notice) -> int:
    return notice.history.earliest("history_id").history_id


def test_only_the_chosen_fields_come_back(changed, alice):
    before = changed.version
    NoticeService.restore_fields(changed.pk, first(changed), ["title"], actor=alice, version=changed.version)
    changed.refresh_from_db()
    assert (changed.title, changed.content, changed.requires_acknowledgement) == ("Fire drill", "<p>Second</p>", True)
    assert changed.version == before + 1
    row = changed.history.latest("history_id")
    assert (row.history_type, row.history_user) == ("~", alice)
    assert row.history_change_reason.startswith("From the version of ")


def test_the_reason_that_is_given_is_kept_too(changed, alice):
    NoticeService.restore_fields(changed.pk, first(changed), ["title"], actor=alice, reason="Too alarming")
    assert changed.history.latest("history_id").history_change_reason.endswith(": Too alarming")


def test_taking_back_needs_its_own_permission_and_the_change_of_this_very_notice(changed, alice, bob, carol, erin):
    for person in (bob, carol, erin):
        with pytest.raises(PermissionDenied):
            NoticeService.restore_fields(changed.pk, first(changed), ["title"], actor=person)
    assign_perm("notices.change_notice", bob, changed)
    with pytest.raises(PermissionDenied, match="restore version"):
        NoticeService.restore_fields(changed.pk, first(changed), ["title"], actor=make_again(bob))
    assign_perm("notices.restore_version_notice", bob, changed)
    remove_perm("notices.change_notice", bob, changed)
    with pytest.raises(PermissionDenied, match="change"):
        NoticeService.restore_fields(changed.pk, first(changed), ["title"], actor=make_again(bob))
    assign_perm("notices.change_notice", bob, changed)
    assert NoticeService.restore_fields(changed.pk, first(changed), ["title"], actor=make_again(bob)).title == "Fire drill"


def make_again(person):
    return type(person).objects.get(pk=person.pk)  # without the permissions it remembers


@pytest.mark.parametrize(
    "field", ["status", "revision", "published_at", "publish_at", "is_deleted", "created_by", "version", "status_reason", "id", "nonsense"]
)
def test_state_is_never_taken_back(changed, alice, field):
    with pytest.raises(NoticeError, match="Only the text"):
        NoticeService.restore_fields(changed.pk, first(changed), ["title", field], actor=alice)
    changed.refresh_from_db()
    assert changed.title == "Evacuation"


def test_at_least_one_field_is_chosen(changed, alice):
    with pytest.raises(NoticeError, match="at least one"):
        NoticeService.restore_fields(changed.pk, first(changed), [], actor=alice)


def test_what_is_published_is_withdrawn_first_and_nobody_is_told_again(changed, alice):
    NoticeService.publish(changed.pk, actor=alice)
    deliveries = Delivery.objects.count()
    with pytest.raises(NoticeError, match="withdraw it to change it"):
        NoticeService.restore_fields(changed.pk, first(changed), ["title"], actor=alice)
    NoticeService.withdraw(changed.pk, actor=alice, reason="Wrong")
    restored = NoticeService.restore_fields(changed.pk, first(changed), FIELDS, actor=alice)
    restored.refresh_from_db()
    assert (restored.title, restored.status, restored.revision) == ("Fire drill", Notice.Status.WITHDRAWN, changed.revision)
    assert Delivery.objects.count() == deliveries


def test_a_notice_that_changed_meanwhile_is_not_overwritten(changed, alice):
    with pytest.raises(StaleNotice):
        NoticeService.restore_fields(changed.pk, first(changed), ["title"], actor=alice, version=changed.version - 1)


def test_versions_of_another_notice_are_refused(changed, alice):
    other = make_draft("Other", author=alice)
    for act in (
        lambda: NoticeService.restore_fields(changed.pk, first(other), ["title"], actor=alice),
        lambda: NoticeService.draft_from_version(changed.pk, first(other), actor=alice),
        lambda: NoticeService.restore_fields(changed.pk, 0, ["title"], actor=alice),
    ):
        with pytest.raises(NoticeError, match="no such version"):
            act()


def test_fields_that_no_longer_fit_together_are_refused(alice, changed):
    changed.start_date = changed.start_date.replace(year=changed.start_date.year + 1)
    changed.end_date = changed.start_date
    NoticeService.save_changes(changed, actor=alice, version=changed.version)
    late = changed.history.latest("history_id").history_id
    changed.start_date = changed.start_date.replace(year=changed.start_date.year - 1)
    changed.end_date = changed.start_date
    NoticeService.save_changes(changed, actor=alice, version=changed.version)
    with pytest.raises(Exception, match="end is before the start"):
        NoticeService.restore_fields(changed.pk, late, ["start_date"], actor=alice)


def test_a_category_that_is_gone_does_not_come_back(alice):
    category = make_category("Old")
    draft = make_draft(author=alice, category=category)
    draft.category = None
    NoticeService.save_changes(draft, actor=alice, version=draft.version)
    Category.objects.all().delete()
    with pytest.raises(NoticeError, match="no longer exists"):
        NoticeService.restore_fields(draft.pk, first(draft), ["category"], actor=alice)
    made = NoticeService.draft_from_version(draft.pk, first(draft), actor=alice)
    assert (made.notice.category, made.left_out) == (None, ("Old",))


# -- a new draft --
def test_a_new_draft_holds_all_of_the_earlier_version(alice, dave):
    group, recipient = make_group("Night shift"), make_recipient("Leeds")
    old = make_draft("Fire drill", author=alice, groups=(group,), recipients=(recipient,), people=(dave,), category=make_category())
    file = NoticeService.attach(old.pk, attachment_from(SimpleUploadedFile("plan.txt", b"Plan")), actor=alice)
    version = file.history.get().history_id
    NoticeService.detach(file.pk, actor=alice)
    NoticeService.set_audience(old.pk, Address.of(people=[alice.pk]), actor=alice)
    NoticeService.publish(old.pk, actor=alice)
    deliveries = Delivery.objects.count()

    made = NoticeService.draft_from_version(old.pk, version, actor=alice)

    draft = Notice.objects.get(pk=made.notice.pk)
    assert made.left_out == ()
    assert draft.title.startswith("Fire drill (from ")
    assert (draft.content, draft.category, draft.status, draft.created_by) == (old.content, old.category, Notice.Status.DRAFT, alice)
    assert NoticeRepository.address_of(draft) == Address.of([recipient.pk], [group.pk], [dave.pk])
    (copy,) = draft.attachments.all()
    with copy.file.open() as stored:
        assert (copy.name, copy.sha256, stored.read()) == ("plan.txt", file.sha256, b"Plan")
    assert copy.file.name != file.file.name
    assert Delivery.objects.count() == deliveries
    assert draft.history.get().history_change_reason.startswith("A new draft from the version of ")


def test_a_new_draft_names_what_is_no_longer_there(alice, grace):
    group, recipient = make_group("Night shift"), make_recipient("Leeds")
    old = make_draft(author=alice, groups=(group,), recipients=(recipient,))
    file, altered = (
        NoticeService.attach(old.pk, attachment_from(SimpleUploadedFile(name, b"Plan")), actor=alice) for name in ("plan.txt", "map.txt")
    )
    version = altered.history.get().history_id
    default_storage.delete(file.file.name)
    default_storage.delete(altered.file.name)
    default_storage.save(altered.file.name, SimpleUploadedFile("map.txt", b"Another"))
    NoticeService.set_audience(old.pk, Address(), actor=alice)
    recipient.delete()
    group.delete(user=grace)
    made = NoticeService.draft_from_version(old.pk, version, actor=alice)
    assert sorted(made.left_out) == ["Leeds", "Night shift", "map.txt", "plan.txt"]
    assert not NoticeRepository.address_of(made.notice)
    assert not made.notice.attachments.exists()


def test_a_new_draft_needs_both_permissions(changed, alice, carol, erin):
    author = make_person("author", staff=True)
    for person in (carol, erin, author):
        with pytest.raises(PermissionDenied):
            NoticeService.draft_from_version(changed.pk, first(changed), actor=person)
    assign_perm("notices.restore_version_notice", author, changed)
    with pytest.raises(PermissionDenied, match="add"):
        NoticeService.draft_from_version(changed.pk, first(changed), actor=make_again(author))
    assert Notice.objects.count() == 1


def test_the_longest_title_still_fits(alice):
    draft = make_draft("x" * 200, author=alice)
    assert len(NoticeService.draft_from_version(draft.pk, first(draft), actor=alice).notice.title) == 200
