"""The timeline as compliance reads it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from audit.attribution import acting, operation
from audit.maintenance import maintenance, set_moment
from audit.models import AccessRecord, Entry
from audit.sentences import sentences_of
from audit.sources import Source
from audit.timeline import search
from audit.timeline.criteria import Criteria, Place
from audit.timeline.queries import newest
from notices.models import Notice
from notices.services import NoticeService
from recipients.models import Recipient, RecipientGroup, RecipientGroupAdditionalRecipient
from tests.makers import make_draft, make_group, make_person, make_published, make_recipient

pytestmark = pytest.mark.django_db
URL = "/admin/audit/entry/"


def listed(**asked):
    entries = newest(Criteria(**asked), limit=100)
    return [str(sentence) for sentence in sentences_of(entries).values()]


def found_pks(words):
    return set(search.found(Criteria(words=words)).things[RecipientGroup])


@pytest.fixture
def read(client, carol):
    client.force_login(carol)

    def get(address=URL, **query):
        response = client.get(address, query)
        response.text_alone = " ".join(strip_tags(response.content.decode()).split())
        return response

    return get


def add_many(group, people):
    links = [RecipientGroupAdditionalRecipient(recipient_group=group, user=person) for person in people]
    RecipientGroupAdditionalRecipient.objects.bulk_create(links)


def test_compliance_reads_what_was_done_newest_first(read, alice, frank):
    make_draft("Fire drill", author=alice)
    with acting(frank, reason="Winter rota"):
        make_group("Night shift")
    page = read().text_alone
    assert page.index("Frank Tester created the group Night shift") < page.index("Alice Tester created “Fire drill”")
    assert "Reason: Winter rota" in page


@pytest.mark.parametrize("name", ["alice", "bob", "erin", "frank"])
def test_nobody_else_reads_it_nor_is_led_to_it(client, request, name):
    client.force_login(request.getfixturevalue(name))
    entry = Entry.objects.latest("id")
    for address in (URL, f"{URL}{entry.pk}/change/"):
        assert client.get(address).status_code in {403, 404}
    assert URL not in client.get("/admin/").content.decode()


def test_compliance_is_led_to_it(client, carol):
    client.force_login(carol)
    assert URL in client.get("/admin/").content.decode()


@pytest.mark.parametrize("person", ["carol", "grace"])
def test_nothing_can_be_posted_to_it(client, request, person, alice):
    client.force_login(request.getfixturevalue(person))
    make_draft(author=alice)
    entry = Entry.objects.latest("id")
    before = Entry.objects.count()
    for path in ("", "add/", f"{entry.pk}/change/", f"{entry.pk}/delete/", f"{entry.pk}/history/"):
        response = client.post(URL + path, {"action": "delete_selected", "_selected_action": entry.pk, "post": "yes", "reason": "x"})
        assert response.status_code in {403, 404, 405}, path
    assert Entry.objects.count() == before


def test_every_look_at_it_is_recorded(read, carol):
    read(q="fire")
    record = AccessRecord.objects.get(page="timeline")
    assert (record.user, record.detail) == (carol, "q=fire")


def test_what_one_request_did_stands_under_its_first_change_and_opens_up(read, alice, dave):
    with operation(Source.FORM, "/admin/"):
        make_draft("Fire drill", author=alice, people=(dave,))
    page = read().text_alone
    assert "2 changes in one action" in page
    assert page.index("Alice Tester created “Fire drill”") < page.index("2 changes in one action") < page.index("added Dave Tester to the")
    number = Entry.objects.latest("id").operation
    alone = read(operation=number).text_alone
    assert "Alice Tester created “Fire drill”" in alone
    assert "Only one action" in alone


def test_a_write_without_a_person_shows_up_first(read, alice):
    make_draft("Fire drill", author=alice)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE notices SET title = 'Fire drill!'")
    page = read().text_alone
    count = Entry.objects.filter(source="").count()
    assert page.index(f"{count} changes without a person") < page.index("Alice Tester created “Fire drill”")
    shown = read(source="unattributed").text_alone
    assert "Someone with the database role" in shown
    assert "Alice Tester created" not in shown


def test_it_is_filtered_by_person_kind_of_thing_what_happened_and_door(alice, frank, dave):
    notice = make_draft("Fire drill", author=alice, people=(dave,))
    NoticeService.delete(notice.pk, actor=alice)
    with operation(Source.IMPORT, "nights.csv"), acting(frank):
        make_group("Night shift")
    created, addressed = "Alice Tester created “Fire drill”", "Alice Tester added Dave Tester to the audience of “Fire drill”"
    trashed, imported = "Alice Tester put “Fire drill” into the trash", "Frank Tester created the group Night shift from nights.csv"
    assert set(listed(person_id=alice.pk)) == {created, addressed, trashed}
    assert listed(person_id=frank.pk) == [imported]
    assert listed(model="notices.notice", person_id=alice.pk) == [trashed, created]
    assert listed(model="notices.notice", kind="~") == [trashed]
    assert listed(source="import") == listed(source="import", source_detail="nights.csv") == [imported]
    assert listed(source="import", source_detail="days.csv") == []


def test_it_is_filtered_by_days_both_included(read):
    for day in (1, 2, 3):
        with maintenance(), acting(None):
            set_moment(datetime(2025, 5, day, 12, tzinfo=UTC))
            make_group(f"Group of day {day}")
            set_moment(None)
    page = read(since="2025-05-02", until="2025-05-03").text_alone
    assert "Group of day 2" in page
    assert "Group of day 3" in page
    assert "Group of day 1" not in page
    assert "Group of day 3" not in read(until="2025-05-02").text_alone


def test_the_timeline_of_a_thing_has_all_that_belongs_to_it_and_nothing_else(read, alice, dave):
    notice, other = make_published("Fire drill", author=alice, people=(dave,)), make_draft("Canteen", author=alice)
    NoticeService.mark_as_read(notice, dave)
    told = listed(thing=(Notice, notice.pk))
    assert told == [
        "Dave Tester opened “Fire drill”",
        "Alice Tester published “Fire drill”",
        "Alice Tester added Dave Tester to the audience of “Fire drill”",
        "Alice Tester created “Fire drill”",
    ]
    assert listed(thing=(Notice, other.pk)) == ["Alice Tester created “Canteen”"]
    assert "Only “Fire drill” and what belongs to it" in read(thing=f"notices.notice:{notice.pk}").text_alone


def test_the_timeline_of_a_thing_has_the_bulk_changes_that_touched_it(frank, dave):
    with acting(frank):
        leeds, york = make_recipient("Leeds"), make_recipient("York")
        Recipient.objects.update(kind="site")
    assert listed(thing=(Recipient, leeds.pk)) == ["Frank Tester changed 2 recipients", "Frank Tester created Leeds"]
    assert listed(thing=(Recipient, york.pk), kind="~") == ["Frank Tester changed 2 recipients"]


def test_many_rows_of_one_change_hide_no_older_change(frank):
    with acting(frank):
        group = make_group("Night shift")
        for _round in range(3):
            people = [make_person() for _n in range(8)]
            add_many(group, people)
    entries = newest(Criteria(thing=(RecipientGroup, group.pk)), limit=4)
    assert [entry.count for entry in entries] == [8, 8, 8, 1]
    last = entries[1]
    assert [e.pk for e in newest(Criteria(thing=(RecipientGroup, group.pk)), Place(last.at, last.pk), limit=4)] == [
        e.pk for e in entries[2:]
    ]


def test_words_find_reasons_and_where_things_came_from(alice, frank):
    with acting(frank, reason="Winter rota"):
        make_group("Night shift")
    with operation(Source.IMPORT, "days_2026.csv"), acting(frank):
        make_group("Day shift")
    assert listed(words="rota wint") == ["Frank Tester created the group Night shift"]
    assert listed(words="days 2026") == ["Frank Tester created the group Day shift from days_2026.csv"]
    assert listed(words="summer") == []


def test_words_find_things_by_the_names_they_have_or_had_and_what_belongs_to_them(frank, dave):
    with acting(frank):
        group = make_group("Night shift")
        code = group.code
        group.code = "WS-4471"
        group.save()
        add_many(group, [dave])
        group.name = "Late shift"
        group.save()
    expected = [
        "Frank Tester renamed “Night shift” to Late shift",
        "Frank Tester added Dave Tester to Night shift",
        f"Frank Tester changed the code of Night shift from “{code}” to “WS-4471”",
        "Frank Tester created the group Night shift",
    ]
    for words in ("Night", "late", "4471", "ws-44"):
        assert [s for s in listed(words=words) if s.startswith("Frank")] == expected, words
    with acting(frank):
        group.hard_delete()
    assert "Frank Tester destroyed the group Late shift" in listed(words="night")
    assert "Frank Tester added Dave Tester to Night shift" in listed(words="Dave")
    assert listed(words="night", person_id=dave.pk) == []


def test_things_with_the_whole_words_come_before_those_where_they_are_beginnings(monkeypatch):
    monkeypatch.setattr(search, "MOST_FOUND", 2)
    names = ("Nightly audit", "Night shift", "Night audit", "Nightly shift")
    nightly_audit, night_shift, night_audit, nightly_shift = (make_group(name) for name in names)
    assert found_pks("night audit") == {night_audit.pk, nightly_audit.pk}
    assert found_pks("night sh") == {night_shift.pk, nightly_shift.pk}
    assert found_pks("nightly") == {nightly_audit.pk, nightly_shift.pk}


def test_a_search_that_finds_too_many_things_says_so(read, monkeypatch):
    monkeypatch.setattr(search, "MOST_FOUND", 3)
    for number in range(3):
        make_group(f"Night shift {number}")
    assert "Very many things" not in read(q="night").text_alone
    make_group("Nightly shift")
    monkeypatch.setattr("audit.admin.timeline.MOST_FOUND", 3)
    page = read(q="night").text_alone
    assert "Very many things have these words in their name. Shown is what happened to 3 of them" in page
    assert "Nightly shift" not in page
    assert "Very many things" not in read(q="night shift 2").text_alone


def test_a_search_that_reads_too_many_versions_says_so(monkeypatch):
    monkeypatch.setattr(search, "MOST_READ", 3)
    group = make_group("Night shift")
    assert search.found(Criteria(words="night")).are_all
    for description in ("By day", "By night"):
        group.description = description
        group.save()
    assert not search.found(Criteria(words="night")).are_all


def test_pages_follow_each_other_without_gap_or_repetition(read, frank):
    with acting(frank):
        for number in range(60):
            make_group(f"Group {number:02}")
    pks, before = [], None
    while entries := newest(Criteria(person_id=frank.pk), before, limit=25):
        pks += [entry.pk for entry in entries]
        before = Place(entries[-1].at, entries[-1].pk)
    assert pks == list(Entry.objects.filter(user=frank).order_by("-at", "-id").values_list("pk", flat=True))
    response = read(person=frank.pk)
    assert "Group 59" in response.text_alone
    older = read(person=frank.pk, before=response.context["older"])
    assert "Group 34" in older.text_alone
    assert "Group 35" not in older.text_alone


WRONG = {
    "q": "x" * 101,
    "person": "nobody",
    "model": "auth.secret",
    "kind": "stolen",
    "source": "window",
    "since": "yesterday",
    "until": "2026-02-31",
    "thing": "notices.notice:x",
    "operation": "99999999999999999999",
    "user__password__startswith": "pbkdf2",
    "at__year": "2026",
}


@pytest.mark.parametrize("name", WRONG)
def test_a_value_that_cannot_be_gets_a_sentence(read, name):
    response = read(**{name: WRONG[name]})
    assert response.status_code == 400
    assert 'role="alert"' in response.content.decode()


ODD = (
    "before=nonsense",
    "before=2026-01-01_5",
    "before=2026-01-01T00:00:00Z_x",
    "q=%26|!():*'",
    "person=" + "1" * 30,
    "thing=:",
    "before=1_1",
)


@pytest.mark.parametrize("query", ODD)
def test_no_address_makes_it_fail(read, query):
    assert read(f"{URL}?{query}").status_code in {200, 400}


def test_until_before_from_is_refused_in_words(read):
    assert "“Until” is before “from”" in read(since="2026-02-02", until="2026-02-01").text_alone


def test_an_entry_opens_up_to_every_row_with_old_and_new_values(read, alice, frank):
    notice = make_draft("Fire drill", author=alice)
    notice.title = "Drill"
    with acting(alice):
        notice.save()
    page = read(reverse("admin:audit_entry_change", args=[Entry.objects.latest("id").pk])).text_alone
    assert "FieldBeforeAfter TitleFire drillDrill" in page
    with acting(frank):
        Recipient.objects.bulk_create([Recipient(code=f"c{n}", name=f"Team {n:03}") for n in range(120)])
    address = reverse("admin:audit_entry_change", args=[Entry.objects.latest("id").pk])
    seen, response = [], read(address)
    while response.context["following"]:
        seen += response.context["details"]
        response = read(address, after=response.context["following"])
    seen += response.context["details"]
    assert [str(detail.name) for detail in seen] == [f"Team {n:03}" for n in range(120)]


def test_things_are_links_only_where_the_reader_may_go(read, alice):
    notice = make_draft("Fire drill", author=alice)
    assert f'href="/admin/notices/notice/{notice.pk}/change/"' in read().content.decode()
    Notice.objects.get(pk=notice.pk).hard_delete()
    assert f'href="/admin/notices/notice/{notice.pk}/change/"' not in read().content.decode()


def test_what_was_typed_by_others_is_shown_as_text(read, alice):
    make_draft("<script>alert(1)</script>", author=alice)
    body = read().content.decode()
    assert "<script>alert" not in body
    assert "&lt;script&gt;alert(1)" in body


def test_a_longer_page_takes_no_more_queries(client, carol, frank):
    client.force_login(carol)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            client.get(URL, {"person": frank.pk})
        return len(captured)

    with acting(frank):
        make_group("Group")
        queries()
        few = queries()
        for number in range(20):
            make_group(f"Group {number}")
    assert queries() == few


def test_an_old_unattributed_write_is_not_brought_up_for_ever(read):
    with maintenance():
        set_moment(timezone.now() - timedelta(days=40))
        make_group("Old")
        set_moment(None)
    old = Entry.objects.filter(model="recipients.recipientgroup").get()
    recent = Entry.objects.filter(source="", at__gt=old.at + timedelta(days=10)).count()
    page = read().text_alone
    assert ("without a person" in page) is bool(recent)
    day = timezone.localdate(old.at).isoformat()
    assert "1 change without a person" in read(since=day, until=day).text_alone
