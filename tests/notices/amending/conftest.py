"""A notice on show for dave, who acknowledged it, and for erin."""

import pytest

from notices.services import NoticeService
from tests.makers import make_approved, make_category, make_person, make_published


@pytest.fixture
def notice(alice, dave, erin):
    notice = make_published(author=alice, people=(dave, erin), requires_acknowledgement=True)
    NoticeService.acknowledge(notice, dave)
    return notice


@pytest.fixture
def approved(alice, dave, erin):
    """In a category that asks for approval: alice's, approved by erin, on show for dave."""
    safety = make_category("Safety", needs_approval=True)
    notice = make_approved(author=alice, approver=erin, people=(dave,), category=safety, requires_acknowledgement=True)
    NoticeService.publish(notice.pk, actor=alice)
    return NoticeService.acknowledge(notice, dave).notice


@pytest.fixture
def root(db):
    return make_person("root", staff=True, is_superuser=True)
