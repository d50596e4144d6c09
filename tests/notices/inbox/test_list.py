"""The list: its order, its pages, its filters, its cost."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backoffice.clock import today
from notices.inbox import queries
from notices.inbox.filters import read_cursor, write_cursor
from notices.models import Attachment, Notice
from notices.repositories import InboxCursor
from notices.services import NoticeService
from tests.makers import make_category, make_published, make_recipient
from tests.notices.inbox.steps import INDEX, page_of, publish_many, titles


def test_unread_come_first_and_the_newest_of_them(reader, alice, dave, leeds):
    newest, middle, _oldest = publish_many(3, author=alice, recipient=leeds)
    NoticeService.mark_as_read(newest, dave)

    response = reader.get(INDEX)

    assert titles(response) == ["Notice 1", "Notice 2", "Notice 0"]
    assert [row.heading for row in response.context["rows"]] == ["Unread", "", "Read"]
    assert middle.title in response.text


@pytest.fixture
def small_pages(monkeypatch):
    monkeypatch.setattr(queries, "PAGE_SIZE", 8)


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("query", ["", "?q=notice"])
def test_pages_give_every_notice_exactly_once_and_in_order(reader, alice, dave, leeds, query):
    made = publish_many(35, author=alice, recipient=leeds)
    read = made[::3]
    for notice in read:
        NoticeService.mark_as_read(notice, dave)
    expected = [n.title for n in made if n not in read] + [n.title for n in read]

    seen, headings, address = [], [], INDEX + query
    while address:
        response = reader.get(address)
        seen += titles(response)
        headings += [row.heading for row in response.context["rows"] if row.heading]
        address = response.context["more_url"]

    assert seen == expected
    assert headings == ["Unread", "Read"]


@pytest.mark.parametrize("cursor", ["", "x", "WzEsMl0:x:y", "é", "\x00", "1" * 5000])
def test_a_broken_cursor_shows_the_first_page(reader, drill, cursor):
    assert titles(reader.get(INDEX, {"after": cursor})) == ["Fire drill"]


def test_a_cursor_survives_the_address_bar():
    cursor = InboxCursor(True, timezone.now(), 7)

    assert read_cursor(write_cursor(cursor)) == cursor


def test_search_and_filters_narrow_together(reader, alice, dave, leeds):
    safety, it = make_category("Safety", colour="red"), make_category("IT")
    make_published("Drill in May", author=alice, recipients=(leeds,), category=safety, requires_acknowledgement=True)
    done = make_published("Drill in June", author=alice, recipients=(leeds,), category=safety, requires_acknowledgement=True)
    starred = make_published("New laptops", author=alice, recipients=(leeds,), category=it, content="<p>No drill.</p>")
    make_published("Drill elsewhere", author=alice, recipients=(make_recipient(members=(alice,)),))
    NoticeService.acknowledge(done, dave)
    NoticeService.set_favourite(starred, dave, favourite=True)

    def found(**asked):
        return set(titles(reader.get(INDEX, asked)))

    assert found() == found(show="all", category="0", q=" ") == {"Drill in May", "Drill in June", "New laptops"}
    assert found(show="unread") == {"Drill in May", "New laptops"}
    assert found(show="to-acknowledge") == {"Drill in May"}
    assert found(show="favourites") == {"New laptops"}
    assert found(category=safety.pk) == {"Drill in May", "Drill in June"}
    assert found(q="dril") == {"Drill in May", "Drill in June", "New laptops"}
    assert found(q="drill", category=safety.pk, show="unread") == {"Drill in May"}
    assert found(q="zebra") == set()
    assert len(found(q="' & !:*")) == 3  # no word in it
    assert len(found(show="nonsense", category="²", after="x")) == 3


@pytest.mark.parametrize("show", ["all", "unread", "to-acknowledge", "favourites"])
def test_an_empty_list_says_what_it_is_for(reader, show):
    assert "empty-title" in reader.get(INDEX, {"show": show}).text


def test_a_filter_keeps_the_other_ones_in_its_links(reader, drill):
    safety = make_category("Safety")
    response = reader.get(INDEX, {"q": "drill", "category": safety.pk, "show": "unread"})

    link = next(choice.url for choice in response.context["shows"] if choice.name == "favourites")
    assert parse_qs(urlsplit(link).query) == {"q": ["drill"], "category": [str(safety.pk)], "show": ["favourites"]}


@pytest.mark.parametrize(
    ("days", "text"), [(-1, "Overdue: was due by"), (0, "Acknowledge today"), (1, "Acknowledge by tomorrow"), (2, "Acknowledge by ")]
)
def test_the_due_day_is_said_in_words(reader, drill, days, text):
    Notice.objects.filter(pk=drill.pk).update(due_date=today() + timedelta(days=days))

    assert text in reader.get(INDEX).text
    assert text in reader.get(page_of(drill)).text


def test_the_badge_counts_the_unread(reader, alice, dave, leeds):
    first, _second = publish_many(2, author=alice, recipient=leeds)
    assert "<title>(2) Inbox · " in reader.get(INDEX).text

    NoticeService.mark_as_read(first, dave)

    page = reader.get(INDEX).text
    assert "<title>(1) Inbox · " in page
    assert "<span data-unread>1</span>" in page


def test_titles_and_names_are_escaped(reader, alice, dave, leeds):
    dave.first_name = "<b>Dave</b>"
    dave.save()
    category = make_category("<b>Urgent</b>")
    notice = make_published("<b>Bold</b>", author=alice, recipients=(leeds,), category=category, requires_acknowledgement=True)
    Attachment.objects.create(notice=notice, file="x", name="<b>.csv", content_type="text/csv", size=8, sha256="0" * 64)
    NoticeService.set_favourite(notice, dave, favourite=True)

    for address in (INDEX, page_of(notice), f"{INDEX}?q=<b>bold", "/inbox/account/"):
        page = reader.get(address).text
        assert "<b>" not in page, address
        assert "&lt;b&gt;" in page


@pytest.mark.parametrize("query", ["", "?q=notice&show=unread"])
def test_the_list_costs_six_queries_however_long_it_is(reader, alice, leeds, query):
    category = make_category()
    counts = []
    for more in (1, 29):
        publish_many(more, author=alice, recipient=leeds)
        Notice.objects.update(category=category)
        with CaptureQueriesContext(connection) as captured:
            response = reader.get(INDEX + query)
        counts.append(len(captured))
    assert len(titles(response)) == queries.PAGE_SIZE
    assert counts[0] == counts[1] <= 6
