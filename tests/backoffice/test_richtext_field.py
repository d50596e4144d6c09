"""Every way to write rich text into the database leaves it clean."""

import pytest
from django.core import serializers
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import F

from backoffice.richtext import MAX_LENGTH, render_rich_text
from notices.models import Notice

DIRTY = "<p onclick='alert(1)'>Hello<script>alert(1)</script> <a href='javascript:alert(1)'>you</a></p>"
CLEAN = '<p>Hello <a rel="noopener noreferrer">you</a></p>'


def stored(notice):
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM notices WHERE id = %s", [notice.pk])
        return cursor.fetchone()[0]


@pytest.fixture
def notice(db):
    return Notice.objects.create(title="Fire drill", content="<p>First</p>")


def test_create_cleans_the_row_and_the_object(db):
    notice = Notice.objects.create(title="x", content=DIRTY)

    assert notice.content == stored(notice) == CLEAN


def save(notice):
    notice.content = DIRTY
    notice.save(update_fields=["content"])


def update_or_create(notice):
    Notice.objects.update_or_create(pk=notice.pk, defaults={"content": DIRTY})


def bulk_update(notice):
    notice.content = DIRTY
    Notice.objects.bulk_update([notice], ["content"])


def upsert(notice):
    row = Notice(pk=notice.pk, title="x", content=DIRTY)
    Notice.objects.bulk_create([row], update_conflicts=True, unique_fields=["id"], update_fields=["content"])


@pytest.mark.parametrize(
    "write", [save, update_or_create, bulk_update, upsert, lambda notice: Notice.objects.filter(pk=notice.pk).update(content=DIRTY)]
)
def test_every_way_to_write_cleans(notice, write):
    write(notice)

    assert stored(notice) == CLEAN


def test_bulk_create_cleans(db):
    [notice] = Notice.objects.bulk_create([Notice(title="x", content=DIRTY)])

    assert stored(notice) == CLEAN


def test_fixtures_are_cleaned(notice):
    notice.content = DIRTY
    for row in serializers.deserialize("json", serializers.serialize("json", [notice])):
        row.save()

    assert stored(notice) == CLEAN


def test_history_holds_the_clean_text(db):
    notice = Notice.objects.create(title="x", content=DIRTY)

    assert notice.history.latest().content == CLEAN


def test_expressions_reach_the_database(notice):
    notice.content = F("title")
    notice.save()

    assert stored(notice) == "Fire drill"


def test_what_an_update_by_hand_wrote_is_harmless_when_shown(notice):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE notices SET content = %s WHERE id = %s", [DIRTY, notice.pk])
    notice.refresh_from_db()

    assert render_rich_text(notice.content) == CLEAN


@pytest.mark.parametrize("text", ["", "<p></p>", "<p>&nbsp;</p>", "<script>alert(1)</script>", None])
def test_empty_content_counts_as_missing(notice, text):
    notice.content = text
    with pytest.raises(ValidationError) as error:
        notice.full_clean()

    assert set(error.value.message_dict) == {"content"}


def test_full_clean_cleans(notice):
    notice.content = DIRTY
    notice.full_clean()

    assert notice.content == CLEAN


def test_a_text_that_is_too_long_is_refused_before_it_is_parsed(notice):
    notice.content = "<ul><li>" * MAX_LENGTH
    with pytest.raises(ValidationError, match="The text is too long: 800000 characters with its formatting, and 100000 are allowed"):
        notice.full_clean()
