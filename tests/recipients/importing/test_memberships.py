"""A file of group memberships: read, planned, carried out and taken back."""

from audit.models import Entry
from recipients.models import Import
from tests.recipients.importing.conftest import carry_out, members, take_back

HEADER = "Group code,Group name,Recipient code,Employee number,E-mail"


def test_members_are_added_by_code_number_or_address(upload, night, ben):
    batch = upload(HEADER, "N,,,00043,", "N,,,,BEN@example.org", "N,,SEC,,", "N,,,00042,ann@example.org")
    assert batch.state == Import.State.CHECKED
    assert [batch.summary[name] for name in ("rows", "new", "unchanged", "repeated", "wrong_rows")] == [4, 1, 2, 1, 0]
    batch = carry_out(batch)
    assert batch.state == Import.State.DONE
    assert members(night) == {"ann", "ben", "SEC"}


def test_every_row_of_the_history_is_linked_to_the_import_and_its_person(upload, night, ben, frank):
    batch = carry_out(upload(HEADER, "N,,,00043,"))
    entry = Entry.objects.get(source="import", source_detail=str(batch.pk), model__endswith="additionalrecipient")
    assert (entry.user, entry.kind, entry.count, entry.subject_id) == (frank, "+", 1, night.pk)


def test_what_is_not_known_is_told_in_its_cell(upload, night):
    batch = upload(HEADER, "X,,,00042,", "N,,SECX,,", "N,,,7,", "N,,,,nobody@example.org", "N,,,00042,nobody@example.org")
    assert list(batch.problems.order_by("line").values_list("line", "column", "code")) == [
        (2, "Group code", "unknown_group"),
        (3, "Recipient code", "unknown_recipient"),
        (4, "Employee number", "unknown_number"),
        (5, "E-mail", "unknown_email"),
        (6, "E-mail", "unknown_email"),
    ]
    assert batch.summary["wrong_rows"] == 5


def test_a_file_that_is_the_whole_truth_removes_whom_it_leaves_out(upload, night, ben):
    batch = carry_out(upload(HEADER, "N,,,00043,", mode="replace"), typed="2")
    assert batch.state == Import.State.DONE
    assert members(night) == {"ben"}


def test_what_was_imported_can_be_taken_back(upload, night, ben):
    batch = take_back(carry_out(upload(HEADER, "N,,,00043,", "N,Nights,SEC,,", mode="replace"), typed="1"))
    assert batch.state == Import.State.UNDONE
    night.refresh_from_db()
    assert night.name == "Night shift"
    assert members(night) == {"ann", "SEC"}
