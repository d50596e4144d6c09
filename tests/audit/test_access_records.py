"""Who looked at evidence, and when: recorded before it is shown, and never otherwise."""

from datetime import timedelta

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.access import record_export
from audit.models import AccessRecord
from tests.makers import make_category, make_draft, make_person, make_published, make_recipient

pytestmark = pytest.mark.django_db


@pytest.fixture
def notice(alice, dave):
    return make_published(author=alice, people=(dave,))


def evidence(notice):
    """Each page of evidence, and what its record says it is about."""
    whole, about = ("", None), ("notices.notice", notice.pk)
    version = notice.history.latest("history_id").history_id
    at = [notice.pk]
    return {
        "timeline": (reverse("admin:audit_entry_changelist"), *whole),
        "history": (reverse("admin:notices_notice_history", args=at), *about),
        "compare": (reverse("admin:notices_notice_history_compare", args=at) + f"?old={version}&new={version}", *about),
        "as of": (reverse("admin:notices_notice_history_as_of", args=at), *about),
        "seals": (reverse("admin:audit_seals"), *whole),
        "access records": (reverse("admin:audit_access"), *whole),
        "access review": (reverse("admin:audit_review_thing", args=["notices.notice", notice.pk]), *about),
        "delivery": (reverse("admin:notices_notice_delivery", args=at), *about),
        "readers": (reverse("admin:notices_notice_readers", args=at), *about),
    }


PAGES = ("timeline", "history", "compare", "as of", "seals", "access records", "access review", "delivery", "readers")


@pytest.mark.parametrize("page", PAGES)
def test_every_page_of_evidence_records_who_looked(client, carol, notice, page):
    url, model, object_id = evidence(notice)[page]
    client.force_login(carol)
    assert client.get(url).status_code == 200
    record = AccessRecord.objects.get()
    assert (record.user, record.kind, record.page, record.model, record.object_id) == (carol, "view", page, model, object_id)
    assert record.detail == url.partition("?")[2]


@pytest.mark.parametrize("page", PAGES)
def test_nothing_shown_is_nothing_recorded(client, carol, bob, notice, page):
    url = evidence(notice)[page][0]
    client.force_login(carol)
    client.head(url)
    client.get(url.replace(f"/{notice.pk}/", "/987654/"), {"old": "1", "new": "1"}) if str(notice.pk) in url else None
    client.force_login(bob)
    assert client.get(url).status_code in {302, 403, 404}
    client.logout()
    client.get(url)
    assert not AccessRecord.objects.filter(object_id__isnull=False).exists()
    assert not AccessRecord.objects.filter(user=bob).exists()


@pytest.mark.parametrize("page", PAGES)
def test_evidence_that_cannot_be_recorded_is_not_shown(client, carol, notice, page):
    client.force_login(carol)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_accessrecord ADD CONSTRAINT full_disk CHECK (kind <> 'view')")
    answer = client.get(evidence(notice)[page][0])
    assert answer.status_code == 403
    assert "Fire drill" not in answer.content.decode()
    assert "record who looked" in answer.content.decode()


@pytest.mark.parametrize("statement", ["UPDATE audit_accessrecord SET page = 'x'", "DELETE FROM audit_accessrecord"])
def test_records_are_neither_changed_nor_deleted(carol, statement):
    record_export(carol, page="timeline", detail="csv", rows=1)
    with pytest.raises(ProgrammingError, match="is refused on audit_accessrecord"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


# -- the list --


def listed(client, **query):
    answer = client.get(reverse("admin:audit_access"), query)
    assert answer.status_code == 200
    return answer


def test_the_list_tells_who_did_what_in_words(client, carol, grace, notice):
    record_export(grace, page="timeline", detail="xlsx model=notices.notice&q=fire", rows=1234567)
    client.force_login(carol)
    client.get(reverse("admin:notices_notice_readers", args=[notice.pk]))
    page = listed(client).content.decode()
    for words in ("Exported", "1,234,567", "xlsx", "Words: fire", "Readers", "Fire drill", "Grace Tester"):
        assert words in page, words


def test_the_list_is_narrowed_by_person_and_page(client, carol, grace):
    for person, page in ((carol, "timeline"), (grace, "timeline"), (grace, "history")):
        record_export(person, page=page, detail="", rows=1)
    client.force_login(carol)

    def found(**query):
        return [(line.record.user.username, line.record.page) for line in listed(client, **query).context["lines"]]

    assert found(q="grace test") == [("grace", "history"), ("grace", "timeline")]
    assert found(page="timeline") == [("grace", "timeline"), ("carol", "timeline")]
    assert found(q="nobody") == []
    assert found(page="nonsense") == []


def test_turning_pages_shows_each_record_once(client, carol, grace):
    for number in range(60):
        record_export(grace, page="timeline", detail=str(number), rows=number)
    client.force_login(carol)
    seen, before = [], None
    while before != "":
        answer = listed(client, q="grace", **({"before": before} if before else {}))
        seen += [line.record.rows for line in answer.context["lines"]]
        before = answer.context["older"]
    assert seen == list(range(59, -1, -1))
    assert listed(client, before="nonsense").status_code == 200


def test_the_list_costs_the_same_for_few_records_and_for_many(client, carol, grace):
    client.force_login(carol)
    things = [make_category() for _ in range(3)] + [make_recipient() for _ in range(3)]

    def record(number):
        for thing in things[:number]:
            record_export(make_person(), page="x", detail="", rows=1, model=thing._meta.label_lower, object_id=thing.pk)

    def cost():
        listed(client)
        with CaptureQueriesContext(connection) as captured:
            listed(client)
        return len(captured)

    record(6)
    few = cost()
    for _round in range(3):
        record(6)
    assert cost() == few


def test_nothing_in_it_is_taken_for_markup(client, carol):
    record_export(carol, page="<b>page</b>", detail="<b>x</b>=<b>y</b>", rows=1)
    client.force_login(carol)
    assert "<b>page" not in listed(client).content.decode()
    assert "<b>x" not in listed(client).content.decode()


def test_a_record_carries_the_moment_of_the_database(carol, client):
    client.force_login(carol)
    listed(client)
    first = AccessRecord.objects.get()
    assert first.history_stamp > 0
    listed(client)
    assert AccessRecord.objects.latest("id").at - first.at < timedelta(seconds=30)


def test_a_draft_has_its_pages_recorded_too(client, alice):
    draft = make_draft(author=alice)
    client.force_login(alice)
    client.get(reverse("admin:notices_notice_delivery", args=[draft.pk]))
    assert AccessRecord.objects.get().user == alice
