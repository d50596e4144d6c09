"""What comes out of a list goes in again: its headings are those of the import, and every cell passes its check."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from notices.roles import make_missing_roles
from recipients.imports.columns import match_header
from recipients.imports.kinds import KINDS
from recipients.imports.tables import open_table
from recipients.models import Import, Recipient, RoleAssignment
from recipients.services import ImportService
from recipients.services.imports.registry import KINDS as IMPORTED
from tests.audit.exported import body_of, lines_of, take, taken
from tests.makers import make_group, make_person, make_recipient

pytestmark = pytest.mark.django_db(transaction=True)

# Which list holds what an import of each kind takes.
LISTS = {"memberships": "group_members", "recipients": "recipients", "groups": "groups", "people": "people_and_places"}


@pytest.fixture(autouse=True)
def _organisation(db):
    make_missing_roles()
    ann = make_person("ann", employee_number="0042", job_title="Fitter")
    make_person("zed", employee_number="Z-7", email="")
    depot, yard = make_recipient("Depot", members=(ann,)), make_recipient("Yard", email="yard@example.org", kind="site")
    RoleAssignment.objects.create(user=ann, recipient=yard, role="Lead", starts_on=date(2026, 1, 2), ends_on=date(2026, 12, 31))
    make_group("Night shift", recipients=(yard, depot), people=(ann,))
    make_group("Empty")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wanted", ["csv", "xlsx"])
def test_a_list_that_came_out_passes_the_check_of_its_import(client, grace, kind, wanted, tmp_path):
    client.force_login(grace)
    content = body_of(take(client, LISTS[kind], wanted=wanted))
    path = tmp_path / f"list.{wanted}"
    path.write_bytes(content)
    report = KINDS[kind].check(open_table(path, KINDS[kind].columns))
    assert (report.is_clean, report.problems) == (True, [])


@pytest.mark.parametrize("kind", IMPORTED)
@pytest.mark.parametrize("wanted", ["csv", "xlsx"])
def test_what_came_out_goes_in_again_and_changes_nothing(client, grace, kind, wanted, settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    for number, name in enumerate(("=1+1", "'=1+1", "''@x", "＋44", "'tis so", 'two "words", and more')):
        make_recipient(name, code=f"X{number}", email="box@example.org" if number else "", is_active=number > 1)
        make_group(name, code=f"Y{number}", description=f"{name}\nand more", recipients=tuple(Recipient.objects.filter(code=f"X{number}")))
    client.force_login(grace)
    content = body_of(take(client, LISTS[kind], wanted=wanted))
    file = SimpleUploadedFile(f"list.{wanted}", content)
    batch = ImportService.upload(file, actor=grace, kind=kind, mode=IMPORTED[kind].modes[-1])  # the one that does most
    ImportService.read(batch.pk)
    batch.refresh_from_db()
    assert (batch.state, batch.problem) == (Import.State.CHECKED, None)
    # A row of a person is planned twice: the person, and the entry.
    assert batch.summary["unchanged"] >= batch.summary["rows"] > 3
    assert [batch.summary[name] for name in ("new", "changed", "removed", "repeated", "wrong_rows")] == [0] * 5


@pytest.mark.parametrize("kind", KINDS)
def test_every_column_of_an_import_is_in_the_list(client, grace, kind):
    client.force_login(grace)
    [heading, *_rows] = lines_of(body_of(take(client, LISTS[kind])))
    found = match_header(heading, KINDS[kind].columns, line=1)
    assert found.positions.keys() == {column.key for column in KINDS[kind].columns.columns}


def test_members_are_listed_group_by_group_recipients_first(client, frank):
    client.force_login(frank)
    rows = taken(client, "group_members")
    assert [row["Group name"] for row in rows] == ["Night shift"] * 3  # nobody is in the other
    assert [tuple(row.values())[2:] for row in rows] == [
        (rows[0]["Recipient code"], "", ""),
        (rows[1]["Recipient code"], "", ""),
        ("", "0042", "ann@example.org"),
    ]
    assert rows[0]["Recipient code"] < rows[1]["Recipient code"]  # Depot was made before Yard


def test_members_are_those_of_the_groups_on_the_page(client, frank):
    ann = make_person("bea")
    for name in ("Shift B", "Shift A"):
        make_group(name, people=(ann,))
    client.force_login(frank)
    assert [row["Group name"] for row in taken(client, "group_members", q="shift")] == ["Night shift"] * 3 + ["Shift A", "Shift B"]
    backwards = [row["Group name"] for row in taken(client, "group_members", q="shift", o="-0")]
    assert backwards == ["Shift B", "Shift A"] + ["Night shift"] * 3
    assert taken(client, "group_members", q="empty") == []


def test_a_person_has_a_line_for_each_place_and_one_without_any(client, grace):
    client.force_login(grace)
    rows = [row for row in taken(client, "people_and_places") if row["Username"] in {"ann", "zed"}]
    assert [(row["Username"], row["Role"], row["From"], row["Until"]) for row in rows] == [
        ("ann", "Member", "", ""),
        ("ann", "Lead", "2026-01-02", "2026-12-31"),
        ("zed", "", "", ""),
    ]
    assert rows[0]["Employee number"] == "0042"
