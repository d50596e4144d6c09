"""After a test that commits, the database is as `migrate` left it."""

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import TransactionTestCase

from audit.triggers import faults
from tests.emptying import Emptied
from tests.makers import make_draft, make_person
from tests.test_conventions import checksums


@pytest.fixture
def emptied(transactional_db):
    """Has seen the database as it shall be."""
    emptied = Emptied(lambda _case: None)
    emptied.teardown(TransactionTestCase())
    return emptied


def test_what_was_written_changed_and_deleted_is_as_before(emptied):
    before = checksums()
    make_draft(author=make_person("alice", role="Author"))
    Group.objects.get(name="Author").permissions.clear()
    Group.objects.get(name="Reader").delete()
    assert checksums() != before
    emptied.teardown(TransactionTestCase())
    assert checksums() == before
    assert not emptied.is_spent()


def test_a_trigger_that_was_altered_is_left_to_the_flush(emptied):
    flushed = []
    emptied.flush = flushed.append
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE notices_category DISABLE TRIGGER audit_insert")
    assert faults()
    emptied.teardown(TransactionTestCase())
    assert len(flushed) == 1


def test_a_session_with_settings_of_its_own_is_not_used_again(emptied):
    with connection.cursor() as cursor:
        cursor.execute("SET work_mem = '64kB'")
    assert emptied.is_spent()
    connection.close()
    assert not emptied.is_spent()
