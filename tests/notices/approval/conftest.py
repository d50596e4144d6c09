"""A notice on its way through approval, as far as each fixture says."""

import pytest

from notices.services import NoticeService
from tests.makers import make_category, make_draft, make_person


@pytest.fixture
def safety(db):
    return make_category("Safety", needs_approval=True)


@pytest.fixture
def draft(alice, dave, safety):
    return make_draft(author=alice, people=(dave,), category=safety)


@pytest.fixture
def in_review(alice, draft):
    return NoticeService.submit_for_review(draft.pk, actor=alice)


@pytest.fixture
def approved(erin, in_review):
    return NoticeService.approve(in_review.pk, actor=erin)


@pytest.fixture
def root(db):
    return make_person("root", staff=True, is_superuser=True)
