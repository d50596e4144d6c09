"""Two versions side by side."""

from http import HTTPStatus

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from audit.object_history.diffs import marked, word_diff
from notices.services import NoticeService
from notices.uploads import attachment_from
from recipients.dtos import Address
from recipients.models import RoleAssignment
from tests.makers import make_draft, make_group, make_recipient


def compared(client, obj, old, new, kind="notices_notice"):
    return client.get(reverse(f"admin:{kind}_history_compare", args=[obj.pk]), {"old": old, "new": new})


def newest(client, obj, kind="notices_notice") -> int:
    return client.get(reverse(f"admin:{kind}_history", args=[obj.pk])).context["lines"][0].point.history_id


@pytest.fixture
def author(client, alice):
    client.force_login(alice)
    return client


def text(name, content):
    return attachment_from(SimpleUploadedFile(name, content))


def test_fields_stand_side_by_side_with_the_words_that_differ(author, alice):
    draft = make_draft("Fire drill on Monday", author=alice)
    first = newest(author, draft)
    draft.title, draft.requires_acknowledgement = "Fire drill on Friday", True
    NoticeService.save_changes(draft, actor=alice, version=draft.version)
    page = compared(author, draft, first, newest(author, draft))
    found = {d.name: (d.old, d.new) for d in page.context["comparison"].fields}
    assert found == {
        "title": ("Fire drill on <del>Monday</del>", "Fire drill on <ins>Friday</ins>"),
        "requires_acknowledgement": ("no", "yes"),
    }
    backwards = compared(author, draft, newest(author, draft), first)
    assert [d.old for d in backwards.context["comparison"].fields] == [d.old for d in page.context["comparison"].fields]


def test_formatting_alone_is_told_apart_from_words(author, alice):
    draft = make_draft(author=alice, content="<p>Same words</p>")
    first = newest(author, draft)
    draft.content = "<p>Same <strong>words</strong></p>"
    NoticeService.save_changes(draft, actor=alice, version=draft.version)
    assert "Only the formatting differs" in compared(author, draft, first, newest(author, draft)).content.decode()


def test_the_audience_is_compared_as_sets(author, alice, dave):
    night, day = make_group("Night shift"), make_group("Day shift")
    draft = make_draft(author=alice, groups=(night,))
    first = newest(author, draft)
    NoticeService.set_audience(draft.pk, Address.of(groups=[day.pk], people=[dave.pk]), actor=alice)
    sets = compared(author, draft, first, newest(author, draft)).context["comparison"].sets
    assert {(s.added, s.removed) for s in sets} == {(("Day shift",), ("Night shift",)), (("Dave Tester",), ())}


def test_what_was_removed_and_added_again_does_not_differ(author, alice):
    night, day = make_group("Night shift"), make_group("Day shift")
    draft = make_draft(author=alice, groups=(night,))
    first = newest(author, draft)
    for group in (day, night):
        NoticeService.set_audience(draft.pk, Address.of(groups=[group.pk]), actor=alice)
    page = compared(author, draft, first, newest(author, draft))
    assert not page.context["comparison"]
    assert "Nothing differs" in page.content.decode()


def test_attachments_are_told_apart_by_name_and_digest(author, alice):
    draft = make_draft(author=alice)
    plan, rota = (NoticeService.attach(draft.pk, text(n, b"one"), actor=alice) for n in ("plan.txt", "rota.txt"))
    first = newest(author, draft)
    for attachment in (plan, rota):
        NoticeService.detach(attachment.pk, actor=alice)
    again = NoticeService.attach(draft.pk, text("plan.txt", b"two"), actor=alice)
    added = NoticeService.attach(draft.pk, text("map.txt", b"map"), actor=alice)
    (files,) = compared(author, draft, first, newest(author, draft)).context["comparison"].sets
    assert [(r.name, plan.sha256 in r.old, again.sha256 in r.new) for r in files.replaced] == [("plan.txt", True, True)]
    assert [added.sha256 in name for name in files.added] == [True]
    assert [name.startswith("rota.txt") for name in files.removed] == [True]


def test_a_member_whose_entry_changed_is_changed_and_not_exchanged(client, grace, dave):
    recipient = make_recipient("Leeds")
    assignment = RoleAssignment.objects.create(user=dave, recipient=recipient, role="Member")
    client.force_login(grace)
    first = newest(client, dave, "recipients_user")
    assignment.role = "Lead"
    assignment.save()
    (places,) = compared(client, dave, first, newest(client, dave, "recipients_user"), "recipients_user").context["comparison"].sets
    assert [(r.name, "Member" in r.old, "Lead" in r.new) for r in places.replaced] == [("Leeds", True, True)]


def test_what_moved_to_another_owner_is_gone_from_the_first(client, grace, dave, bob):
    assignment = RoleAssignment.objects.create(user=dave, recipient=make_recipient("Leeds"))
    client.force_login(grace)
    assignment.user = bob
    assignment.save()
    page = client.get(reverse("admin:recipients_user_history_as_of", args=[dave.pk]))
    assert "Leeds" not in [name for part in page.context["state"].belongings for name in part.names]


@pytest.mark.parametrize("wrong", ["", "0", "x", "-1", "9" * 30, "１２", "1 OR 1"])
def test_a_version_that_is_none_is_not_found(author, alice, wrong):
    draft = make_draft(author=alice)
    own = newest(author, draft)
    for old, new in ((wrong, own), (own, wrong), (wrong, wrong)):
        assert compared(author, draft, old, new).status_code == HTTPStatus.NOT_FOUND


def test_versions_of_another_object_are_not_found(author, alice):
    draft, other = make_draft(author=alice), make_draft(author=alice, groups=(make_group(),))
    own = newest(author, draft)
    for foreign in (newest(author, other), other.history.get().history_id, alice.history.latest("history_id").history_id):
        assert compared(author, draft, own, foreign).status_code == HTTPStatus.NOT_FOUND


def test_whoever_may_not_see_the_object_compares_nothing(client, alice, bob):
    draft = make_draft(author=alice)
    number = draft.history.get().history_id
    client.force_login(bob)
    assert compared(client, draft, number, number).status_code in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}


@given(st.text(max_size=200), st.text(max_size=200))
def test_a_difference_holds_both_texts_whole(old, new):
    pieces = word_diff(old, new)
    assert "".join(text for kind, text in pieces if kind <= 0) == old
    assert "".join(text for kind, text in pieces if kind >= 0) == new


def test_a_difference_of_two_long_strangers_is_found_in_time():
    old, new = (" ".join(f"{letter}{number}" for number in range(15_000)) for letter in "ab")
    assert marked(word_diff(old, new), "ins")
