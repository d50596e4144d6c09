"""The digest of what is approved: anything that readers would notice changes it, and nothing else does."""

from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from notices.models import PINNED_FIELDS, Notice
from notices.pinning import digest, digest_of
from notices.services import NoticeService
from recipients.dtos import Address
from tests.makers import make_category, make_draft, make_group, make_recipient

DAYS = st.dates(min_value=date(2020, 1, 1), max_value=date(2040, 1, 1))
VALUES = {
    "title": st.text(max_size=20),
    "content": st.text(max_size=40),
    "category_id": st.none() | st.integers(1, 9),
    "department_id": st.none() | st.integers(1, 9),
    "start_date": DAYS,
    "end_date": st.none() | DAYS,
    "requires_acknowledgement": st.booleans(),
    "due_date": st.none() | DAYS,
}
FIELDS = st.fixed_dictionaries(VALUES)
FILES = st.lists(st.tuples(st.text("0123456789abcdef", min_size=4, max_size=4), st.text(max_size=8)), max_size=4)
IDS = st.lists(st.integers(1, 30), max_size=5, unique=True)
ADDRESSES = st.tuples(IDS, IDS, IDS)
few = hypothesis_settings(max_examples=150, deadline=None)


def test_every_pinned_field_is_tried():
    assert VALUES.keys() == set(PINNED_FIELDS)


@few
@given(FIELDS, FILES, ADDRESSES, st.sampled_from(PINNED_FIELDS), st.data())
def test_any_other_value_of_any_field_changes_it(fields, files, ids, name, data):
    other = data.draw(VALUES[name])
    assume(other != fields[name])
    assert digest(fields, files, Address.of(*ids)) != digest(fields | {name: other}, files, Address.of(*ids))


@few
@given(FIELDS, FILES, FILES, ADDRESSES, ADDRESSES)
def test_it_is_the_same_for_the_same_files_and_addressees_and_for_no_others(fields, files, other_files, ids, other_ids):
    same = sorted(files) == sorted(other_files) and Address.of(*ids) == Address.of(*other_ids)
    assert (digest(fields, files, Address.of(*ids)) == digest(fields, other_files, Address.of(*other_ids))) is same


@few
@given(FIELDS, FILES, ADDRESSES, st.data())
def test_the_order_in_which_files_and_addressees_came_does_not_matter(fields, files, ids, data):
    shuffled = [data.draw(st.permutations(items)) for items in (files, *ids)]
    assert digest(fields, files, Address.of(*ids)) == digest(fields, shuffled[0], Address(*map(tuple, shuffled[1:])))


@few
@given(FIELDS, ADDRESSES)
def test_a_person_is_not_a_group_of_the_same_number(fields, ids):
    recipients, groups, people = ids
    assume(set(recipients) != set(people))
    assert digest(fields, [], Address.of(recipients, groups, people)) != digest(fields, [], Address.of(people, groups, recipients))


@pytest.mark.parametrize("change", ["title", "content", "category", "end_date", "requires_acknowledgement", "due_date", "start_date"])
def test_a_stored_notice_is_pinned_field_by_field(change, alice, dave):
    notice = make_draft(author=alice, people=(dave,), recipients=(make_recipient(),), groups=(make_group(),))
    before = digest_of(notice)
    day = notice.start_date.replace(year=notice.start_date.year + 1)
    setattr(
        notice,
        change,
        {
            "title": "Other",
            "content": "<p>Other</p>",
            "category": make_category(),
            "requires_acknowledgement": True,
        }.get(change, day),
    )
    assert digest_of(notice) != before


def test_what_readers_never_see_is_not_pinned(alice, dave):
    notice = make_draft(author=alice, people=(dave,), content="<p>Safe</p>")
    before = digest_of(notice)
    notice.content = "<p>Safe</p><script>alert(1)</script>"  # sanitised away, here as everywhere
    assert digest_of(notice) == before
    notice.refresh_from_db()
    NoticeService.save_changes(notice, actor=alice, version=notice.version)
    assert digest_of(Notice.objects.get()) == before
