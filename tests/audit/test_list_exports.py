"""Every list as a file: what its page shows, for those who may take it away, and on record before it leaves."""

import io
import re
import zipfile
from datetime import date, timedelta

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from audit.access import PAGES
from audit.exports.cells import DANGEROUS
from audit.exports.csv_table import CsvTable
from audit.exports.lists import Asked, lists
from audit.exports.snapshot import Snapshot
from audit.models import AccessRecord
from backoffice.permissions import Role
from notices.models import Notice, ReadAcknowledgment
from notices.roles import make_missing_roles
from notices.services import NoticeService
from recipients.models import Import, Recipient, RecipientGroup, RoleAssignment, User
from tests.audit.exported import address, body_of, lines_of, rows_of, sheet_of, staff_who_may, take, taken
from tests.makers import make_category, make_draft, make_group, make_person, make_published, make_recipient

pytestmark = pytest.mark.django_db(transaction=True)  # an export reads on a connection of its own

# Who takes each list away, and what it takes to see its page without being allowed to.
LISTS = {
    "notices": ("alice", "view_notice"),
    "trash": ("alice", "view_notice"),
    "waiting_for_approval": ("grace", "approve_notice"),
    "submitted_for_approval": ("alice", "change_notice"),
    "delivery": ("alice", "view_notice view_user"),
    "readers": ("alice", "view_notice view_user"),
    "audience": ("alice", "view_notice view_user view_recipient view_recipientgroup"),
    "categories": ("erin", ""),
    "people": ("grace", "view_user change_user"),
    "people_and_places": ("grace", "view_user view_roleassignment"),
    "recipients": ("frank", "view_recipient change_recipient"),
    "groups": ("frank", "view_recipientgroup"),
    "group_members": ("frank", "view_recipientgroup view_recipient view_user"),
    "recipient_people": ("frank", "view_recipient view_user view_recipientgroup"),
    "group_people": ("frank", "view_recipientgroup view_user view_recipient"),
    "deleted_groups": ("frank", "view_recipientgroup delete_recipientgroup"),
    "places": ("frank", "view_roleassignment view_user"),
    "imports": ("frank", ""),
    "roles": ("carol", ""),
    "access_records": ("carol", "view_accessrecord review_accessrecord"),
}
# Who may not see the page of these, has the rest.
NOT_ENOUGH = {
    "delivery": "view_notice export_notice",
    "readers": "view_notice export_notice",
    "audience": "view_notice export_notice view_user view_recipient",
    "recipient_people": "export_recipient view_user",
    "group_people": "export_recipientgroup view_user",
    "people_and_places": "view_user export_user",
    "group_members": "export_recipientgroup view_recipient",
    "places": "view_roleassignment export_recipient",
    "access_records": "export_entry",
}


@pytest.fixture(autouse=True)
def _roles(db):
    make_missing_roles()


@pytest.fixture
def notice(alice, erin, dave, frank):
    """One of everything."""
    category = make_category("Safety", needs_approval=True)
    depot = make_recipient("Depot", members=(dave,))
    make_group("Night shift", recipients=(depot,), people=(dave,))
    make_group("Old shift").delete(user=frank)
    waiting = make_draft("Waiting", author=alice, recipients=(depot,), category=category)
    NoticeService.submit_for_review(waiting.pk, actor=alice)
    NoticeService.delete(make_draft("Thrown away", author=alice).pk, actor=alice)
    Import.objects.create(kind=Import.Kind.GROUPS, created_by=frank)
    AccessRecord(user=alice, kind=AccessRecord.Kind.VIEW, page="timeline").save()
    return make_published("Fire drill", author=alice, recipients=(depot,))


def ids_of(name, notice) -> list[int]:
    """Of the one whose list it is."""
    if not lists()[name].is_of_one:
        return []
    whose = {"group_people": RecipientGroup, "recipient_people": Recipient}.get(name)
    return [notice.pk if whose is None else whose.objects.earliest("pk").pk]


def test_the_lists_are_all_there():
    assert lists().keys() == LISTS.keys()
    assert {each.recorded_as for each in lists().values()} <= PAGES.keys()


@pytest.mark.parametrize("name", LISTS)
def test_who_sees_a_list_takes_it_away_only_with_the_right(name, request, client, notice):
    who, seeing = LISTS[name]
    allowed = request.getfixturevalue(who)
    client.force_login(staff_who_may("viewer", *seeing.split()))
    assert take(client, name, *ids_of(name, notice)).status_code == 403
    if name in NOT_ENOUGH:
        client.force_login(staff_who_may("other", *NOT_ENOUGH[name].split()))
        assert take(client, name, *ids_of(name, notice)).status_code == 403
    assert not AccessRecord.objects.filter(kind="export").exists()

    client.force_login(allowed)
    answer = take(client, name, *ids_of(name, notice))
    record = AccessRecord.objects.get(kind="export")  # before a byte was read
    heading, *rows = lines_of(body_of(answer))
    assert all(heading)
    assert rows
    assert (record.user, record.page, record.detail, record.rows) == (allowed, lists()[name].recorded_as, "csv", len(rows))
    assert f"{name.replace('_', '-')}-{timezone.localtime():%Y-%m-%d}" in answer["Content-Disposition"]
    assert f"-{len(rows)}-rows.csv" in answer["Content-Disposition"]


@pytest.mark.parametrize("name", LISTS)
def test_both_formats_hold_the_same(name, request, client, notice):
    client.force_login(request.getfixturevalue(LISTS[name][0]))
    written = lines_of(body_of(take(client, name, *ids_of(name, notice))))
    content = body_of(take(client, name, *ids_of(name, notice), wanted="xlsx"))
    sheet = [[f"{cell:.0f}" if isinstance(cell, float) else cell for cell in line] for line in sheet_of(content)]
    if name == "access_records":
        del sheet[1]  # that the other was taken
    width = len(written[0])
    assert [line + [""] * (width - len(line)) for line in sheet] == written


@pytest.mark.parametrize("name", LISTS)
def test_a_get_exports_nothing_and_nonsense_is_refused(name, request, client, notice):
    url = address(name, *ids_of(name, notice))
    client.force_login(request.getfixturevalue(LISTS[name][0]))
    assert client.get(url).status_code == 405
    assert client.post(url, {"format": "exe"}).status_code == 400
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    assert strict.post(url, {"format": "csv"}).status_code == 403
    assert not AccessRecord.objects.filter(kind="export").exists()


@pytest.mark.parametrize("name", LISTS)
def test_its_button_stands_on_its_page_for_whoever_may_use_it(name, request, client, notice):
    who, seeing = LISTS[name]
    ids = ids_of(name, notice)
    page, button = lists()[name].url(*ids or [None]), f'action="{address(name, *ids)}?'
    client.force_login(request.getfixturevalue(who))
    assert button in client.get(page).content.decode()
    if seeing:
        client.force_login(staff_who_may("viewer", *seeing.split()))
        seen = client.get(page)
        assert seen.status_code == 200
        assert button not in seen.content.decode()


@pytest.mark.parametrize("name", ["delivery", "readers", "audience", "group_people", "recipient_people"])
def test_what_one_may_not_see_is_not_there_to_be_exported(name, client, notice):
    client.force_login(staff_who_may("viewer", "view_user", "export_user"))
    assert [take(client, name, pk).status_code for pk in (*ids_of(name, notice), 10**9, 10**20)] == [404] * 3


def test_the_file_has_the_rows_of_the_page_in_its_order_and_with_its_filters(client, alice, frank, notice):
    for number in range(30):
        make_draft(f"Drill {number:02}", author=alice)
    client.force_login(alice)
    query = {"q": "drill", "status__exact": "draft"}
    names = [row["Title"] for row in taken(client, "notices", **query)]
    assert names == [f"Drill {number:02}" for number in reversed(range(30))]  # also those on the second page
    page = client.get(reverse("admin:notices_notice_changelist", query=query)).content.decode()
    assert names[:25] == list(dict.fromkeys(re.findall(r"Drill \d\d", page)))

    client.force_login(frank)
    for code in "ABC":
        make_group(f"Shift {code}", recipients=tuple(make_recipient() for _number in range(ord(code) - 64)))
    query = {"q": "Shift", "o": "-2"}
    names = [row["Group name"] for row in taken(client, "groups", **query)]
    assert names[:2] == ["Shift C", "Shift B"]  # most recipients first
    page = client.get(reverse("admin:recipients_recipientgroup_changelist", query=query)).content.decode()
    assert names == list(dict.fromkeys(re.findall(r">(Shift [ABC]|Night shift)<", page)))


def test_the_page_that_is_shown_does_not_matter(client, frank, notice):
    client.force_login(frank)
    assert taken(client, "recipients", p="7", all="", e="1") == taken(client, "recipients")


@pytest.mark.parametrize("query", [{"nonsense": "1"}, {"content__startswith": "x"}, {"created_by__id__exact": "abc"}])
def test_filters_that_the_page_does_not_have_are_refused_in_a_sentence(client, alice, notice, query):
    client.force_login(alice)
    answer = take(client, "notices", **query)
    assert answer.status_code == 400
    text = answer.content.decode()
    assert "cannot be narrowed as the address asks" in text
    assert f'href="{reverse("admin:notices_notice_changelist")}"' in text
    assert not AccessRecord.objects.filter(kind="export").exists()


@pytest.mark.parametrize(("name", "query"), [("delivery", {"state": "lost"}), ("readers", {"only": "him"}), ("audience", {"only": "me"})])
def test_a_tab_is_not_narrowed_by_what_it_does_not_offer(client, alice, notice, name, query):
    client.force_login(alice)
    assert take(client, name, notice.pk, **query).status_code == 400


def test_access_records_are_narrowed_like_their_page(client, carol, alice, notice):
    client.force_login(alice)
    take(client, "notices").close()
    client.force_login(carol)
    take(client, "roles").close()
    assert {row["Username"] for row in taken(client, "access_records", q="alice")} == {"alice"}
    assert {row["Page"] for row in taken(client, "access_records", page="notices")} == {"Notices"}
    assert take(client, "access_records", page="nonsense").status_code == 400


def test_filters_and_rows_are_on_record_and_named_on_the_page_of_accesses(client, alice, carol, notice):
    client.force_login(alice)
    assert len(taken(client, "notices", q="drill", status__exact="published")) == 1
    record = AccessRecord.objects.get(kind="export")
    assert (record.detail, record.rows) == ("csv q=drill&status__exact=published", 1)
    taken(client, "readers", notice.pk, only="unopened")
    record = AccessRecord.objects.filter(kind="export").latest("pk")
    assert (record.page, record.model, record.object_id, record.rows) == ("readers", "notices.notice", notice.pk, 1)
    client.force_login(carol)
    page = client.get(reverse("admin:audit_access")).content.decode()
    assert "csv, Name: drill, Status: published" in page


def test_what_cannot_be_recorded_does_not_leave(client, alice, notice):
    client.force_login(alice)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_accessrecord ADD CONSTRAINT full_disk CHECK (kind <> 'export') NOT VALID")
    try:
        answer = take(client, "notices")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE audit_accessrecord DROP CONSTRAINT full_disk")
    assert answer.status_code == 403


def test_what_waits_for_one_is_never_ones_own_work(client, alice, grace, notice):
    client.force_login(grace)
    [row] = taken(client, "waiting_for_approval")
    assert (row["Title"], row["Category"], row["Submitted by"], row["People"]) == ("Waiting", "Safety", "Alice Tester", "1")
    own = make_draft("Her own", author=grace, groups=tuple(RecipientGroup.objects.all()), category=make_category(needs_approval=True))
    NoticeService.submit_for_review(own.pk, actor=grace)
    assert [row["Title"] for row in taken(client, "waiting_for_approval")] == ["Waiting"]
    assert [row["Title"] for row in taken(client, "submitted_for_approval")] == ["Her own"]


# -- columns --
def test_a_notice_says_what_its_line_on_the_page_says(client, alice, notice):
    Notice.objects.filter(pk=notice.pk).update(
        start_date=date(2026, 1, 2), end_date=timezone.localdate() - timedelta(days=1), bypassed_at=timezone.now()
    )
    notice.refresh_from_db()
    client.force_login(alice)
    [row] = taken(client, "notices", q="fire")
    assert row == {
        "Title": "Fire drill",
        "State": "Ended, without approval",
        "Category": "",
        "Author": "Alice Tester",
        "On show from": "2026-01-02",
        "On show until": notice.end_date.isoformat(),
        "Published (UTC)": f"{notice.published_at:%Y-%m-%dT%H:%M:%SZ}",
    }


def test_readers_say_when_they_opened_and_acknowledged(client, alice, dave, notice):
    client.force_login(alice)
    [row] = taken(client, "readers", notice.pk)
    assert (row["Person"], row["E-mail"], row["Opened (UTC)"], row["Acknowledged (UTC)"]) == ("Dave Tester", "dave@example.org", "", "")
    read = ReadAcknowledgment.objects.create(notice=notice, user=dave)
    [row] = taken(client, "readers", notice.pk, only="opened", q="dave")
    assert row["Opened (UTC)"] == f"{read.read_at:%Y-%m-%dT%H:%M:%SZ}"
    assert taken(client, "readers", notice.pk, only="unopened") == []
    assert taken(client, "delivery", notice.pk, state="sent") == []


def test_people_behind_an_address_come_with_the_reasons_of_the_page(client, frank, dave, notice):
    depot, group = Recipient.objects.get(), RecipientGroup.objects.get()
    away = make_person("away", is_active=False)
    RoleAssignment.objects.create(user=away, recipient=depot)
    client.force_login(frank)
    [row] = taken(client, "recipient_people", depot.pk)
    assert (row["Person"], row["Active"], row["Because of"]) == ("Dave Tester", "Yes", "Depot")
    assert [row["Person"] for row in taken(client, "recipient_people", depot.pk, only="inactive")] == ["Away Tester"]
    [row] = taken(client, "group_people", group.pk, q="dave")
    page = client.get(reverse("admin:recipients_recipientgroup_people", args=[group.pk])).content.decode()
    assert row["Because of"] == "Night shift (group)"
    assert f"<td>{row['Because of']}</td>" in page
    assert taken(client, "group_people", group.pk, only="without_email") == []


def test_two_things_that_look_alike_are_two_lines(client, grace, alice):
    for number in (1, 2):
        make_person(f"twin{number}", first_name="Ann", last_name="Twin", email="", role=Role.READER)
        make_draft("Twins", author=alice)
    table = lists()["notices"].table(Notice.objects.filter(title="Twins").distinct())
    assert [row["Title"] for row in rows_of(b"".join(CsvTable(table, Snapshot())))] == ["Twins", "Twins"]
    client.force_login(grace)
    role = Group.objects.get(name=Role.READER)
    rows = taken(client, "people", groups__id__exact=str(role.pk))  # a filter that joins, and so asks for distinct rows
    assert [row["Username"] for row in rows] == ["twin1", "twin2"]


@pytest.mark.parametrize("name", sorted(LISTS.keys() - {"group_members"}))  # that one is SQL alone
def test_the_database_writes_what_import_export_would(name, request, client, notice):
    user = request.getfixturevalue(LISTS[name][0])
    client.force_login(user)
    each = lists()[name]
    written = lines_of(body_of(take(client, name, *ids_of(name, notice))))
    asked = Asked(user, QueryDict(), *ids_of(name, notice))
    with translation.override("en-gb"):
        rows = each.rows(asked)
        if name == "people_and_places":  # a line for each place, which objects cannot say
            rows, written = rows.filter(roleassignment=None), [line for line in written if not line[-4] or line == written[0]]
        stock = each.resource().export(rows)
    lines = [["" if cell is None else str(cell) for cell in line] for line in stock]
    assert stock.headers == written[0]
    assert lines[1 if name == "access_records" else 0 :] == written[1:]  # that this file was taken came after it


def test_the_bytes_are_the_same_in_every_zone_and_language(client, alice, notice):
    client.force_login(alice)
    here = body_of(take(client, "notices"))
    with timezone.override("Pacific/Auckland"), translation.override("de"):
        assert body_of(take(client, "notices")) == here


@pytest.mark.parametrize("character", DANGEROUS)
def test_no_cell_of_a_list_is_a_formula(character, client, frank):
    text = f'{character}HYPERLINK("http://evil.example")'
    Recipient.objects.create(code=f"{character}1", name=text)
    client.force_login(frank)
    [row] = taken(client, "recipients")
    assert (row["Name"], row["Recipient code"]) == (f"'{text}", f"'{character}1")
    content = body_of(take(client, "recipients", wanted="xlsx"))
    assert sheet_of(content)[1][:2] == [f"'{character}1", f"'{text}"]  # else it would be one again as soon as it is saved as CSV
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        assert b"<f>" not in b"".join(book.read(name) for name in book.namelist())


# -- cost --
@pytest.mark.parametrize("name", ["notices", "group_members", "people_and_places", "delivery"])
def test_a_long_list_asks_no_more_than_a_short_one(name, request, client, alice, notice):
    client.force_login(request.getfixturevalue(LISTS[name][0]))

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            taken(client, name, *ids_of(name, notice))
        return len(asked)

    queries()
    few = queries()
    people = tuple(make_person(f"new{number}") for number in range(30))
    depot = make_recipient("Yard", members=people)
    make_group("Many", recipients=(depot,), people=people)
    for number in range(30):
        make_draft(f"Draft {number}", author=alice, category=make_category())
    assert queries() == few


def test_every_admin_list_can_be_exported():
    without = {model for model, registered in admin.site._registry.items() if not registered.exported_lists}
    assert {model._meta.label for model in without} == {"audit.Entry"}  # the timeline has an export of its own
    assert User in admin.site._registry
