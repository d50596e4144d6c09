"""The lists of notices: what they show, what they can be asked, what they cost."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.maintenance import maintenance
from notices.models import Delivery
from notices.services import NoticeService
from tests.makers import make_category, make_draft, make_person, make_published, make_recipient

LIST = reverse("admin:notices_notice_changelist")
TRASH = reverse("admin:notices_trashednotice_changelist")


@pytest.fixture
def author(client, alice):
    client.force_login(alice)
    return client


def queries(client, address):
    client.get(address)  # content types and permissions are cached by now
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def tab(notice, name):
    return reverse(f"admin:notices_notice_{name}", args=[notice.pk])


@pytest.mark.parametrize("address", [LIST, TRASH])
def test_a_list_costs_the_same_with_one_row_and_with_thirty(author, alice, address):
    def add(count):
        for number in range(count):
            notice = make_draft(f"Notice {number}", author=alice, category=make_category())
            if address == TRASH:
                NoticeService.delete(notice.pk, actor=alice)

    add(1)
    with_one = queries(author, address)
    add(29)
    assert queries(author, address) == with_one


@pytest.mark.parametrize("name", ["change", "audience", "delivery", "readers", "history"])
def test_a_tab_costs_the_same_for_one_person_and_for_thirty(author, alice, name):
    small = make_published("Small", author=alice, recipients=(make_recipient(members=(make_person(),)),))
    large = make_published("Large", author=alice, recipients=(make_recipient(members=tuple(make_person() for _ in range(30))),))

    assert queries(author, tab(small, name)) == queries(author, tab(large, name))


@pytest.mark.parametrize("name", ["change", "audience", "delivery", "readers", "history", "figures"])
def test_text_of_people_is_escaped(author, alice, name):
    evil = make_person("evil", first_name="<b>Bold</b>", last_name="<script>x</script>")
    notice = make_published("<b>Title</b>", author=alice, recipients=(make_recipient("<b>Site</b>", members=(evil,)),))
    Delivery.objects.update(state="failed", reason="<b>Refused</b>")

    page = author.get(tab(notice, name)).content.decode()

    assert "<b>Title" not in page
    assert "<b>Bold" not in page
    assert "<b>Site" not in page
    assert "<b>Refused" not in page
    assert "<script>x" not in page


def test_the_lists_escape_titles_and_names(author, alice):
    make_draft("<b>Title</b>", author=alice, category=make_category("<b>Category</b>"))
    assert "<b>" not in author.get(LIST).content.decode().replace("<b></b>", "")


@pytest.mark.parametrize(
    "lookup",
    [
        "content__contains=x",
        "created_by__password__startswith=p",
        "search_vector=x",
        "title__regex=.",
        "version__gt=0",
        "created_by__email__contains=x",
    ],
)
def test_a_lookup_that_the_list_does_not_offer_is_refused(author, alice, lookup):
    make_draft(author=alice)
    response = author.get(f"{LIST}?{lookup}")
    # Django answers a lookup that is not allowed with 400.
    assert response.status_code == 400


def test_filters_and_search_find_what_they_say(author, alice, dave):
    safety = make_category("Safety")
    make_draft("Ladders", author=alice, category=safety, content="<p>Inspect every rung.</p>")
    make_published("Canteen", author=alice, people=(dave,))

    def titles(query):
        return [notice.title for notice in author.get(f"{LIST}?{query}").context["cl"].result_list]

    assert titles("status__exact=published") == ["Canteen"]
    assert titles(f"category__id__exact={safety.pk}") == ["Ladders"]
    assert titles("q=rung") == ["Ladders"]
    assert titles("q=ladd") == ["Ladders"]
    assert titles("q=nothing") == []
    make_draft("Stop using slings from batch WS-4471", author=alice)
    assert titles("q=WS-4471") == titles("q=4471") == ["Stop using slings from batch WS-4471"]
    assert titles("status__exact=nonsense") in ([], ["Canteen", "Ladders"])


def test_delivery_shows_a_balance_that_adds_up(author, alice):
    people = tuple(make_person() for _ in range(4))
    notice = make_published(author=alice, people=(*people, make_person("nomail", email="")))
    Delivery.objects.filter(person=people[0]).update(state="sent")
    Delivery.objects.filter(person=people[1]).update(state="failed", reason="550 unknown user")

    figures = author.get(tab(notice, "delivery")).context["figures"]

    assert figures["expected"] == 5
    assert (figures["waiting"], figures["sent"], figures["failed"], figures["suppressed"]) == (2, 1, 1, 1)
    page = author.get(tab(notice, "delivery") + "?state=failed").content.decode()
    assert "550 unknown user" in page
    assert "Retry 1 failed" in page


def test_readers_are_told_apart_by_what_they_did(author, alice, dave):
    notice = make_published(author=alice, people=(dave, make_person("never")), requires_acknowledgement=True)
    NoticeService.acknowledge(notice, dave)

    def names(only):
        return [row.person.username for row in author.get(f"{tab(notice, 'readers')}?only={only}").context["page"]]

    assert names("acknowledged") == ["dave"]
    assert names("outstanding") == names("unopened") == ["never"]
    assert names("") == ["dave", "never"]


def test_pages_of_a_notice_hide_whether_it_exists(client, alice, bob, dave):
    notice = make_draft(author=alice, people=(dave,))
    client.force_login(bob)
    for name in ("audience", "delivery", "readers", "figures"):
        assert client.get(tab(notice, name)).status_code == 404
        assert client.get(tab(notice, name).replace(str(notice.pk), "999999")).status_code == 404


def test_an_object_without_history_says_so(author, alice):
    notice = make_draft(author=alice)
    with maintenance():
        notice.history.all().delete()

    assert "Nothing has been recorded yet." in author.get(tab(notice, "history")).content.decode()
