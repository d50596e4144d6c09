"""Files of recipients and of groups: made, changed, and taken back."""

import pytest
from django.contrib.auth.models import Permission

from recipients.models import Import, Recipient, RecipientGroup, RoleAssignment
from tests.makers import make_group, make_person, make_recipient
from tests.recipients.importing.conftest import carry_out, read, take_back

RECIPIENTS = "Recipient code,Name,Kind,E-mail,Active"
GROUPS = "Group code,Group name,Description"


@pytest.fixture
def leeds(db) -> Recipient:
    return make_recipient("Leeds", code="LEEDS", kind="site", email="leeds@example.org")


def test_what_is_not_there_is_made_and_what_is_there_stays(upload, leeds):
    batch = carry_out(upload(RECIPIENTS, "LEEDS,Leeds depot,,,", "YORK,York,Site,,no", "HR,People,,,", kind="recipients"))
    assert batch.state == Import.State.DONE
    assert list(Recipient.objects.order_by("code").values_list("code", "name", "kind", "is_active")) == [
        ("HR", "People", "department", True),
        ("LEEDS", "Leeds", "site", True),
        ("YORK", "York", "site", False),
    ]


def test_an_update_changes_what_the_file_says_and_nothing_else(upload, leeds):
    batch = upload(RECIPIENTS, "LEEDS,Leeds depot,,,", kind="recipients", mode="update")
    row = batch.rows.get()
    assert (row.outcome, row.before, row.after) == ("changed", {"name": "Leeds"}, {"name": "Leeds depot"})
    carry_out(batch)
    leeds.refresh_from_db()
    assert (leeds.name, leeds.kind, leeds.email, leeds.is_active) == ("Leeds depot", "site", "leeds@example.org", True)


def test_a_code_in_other_capitals_is_told_and_not_made(upload, leeds):
    batch = upload(RECIPIENTS, "leeds,Leeds,,,", kind="recipients")
    assert list(batch.problems.values_list("column", "code")) == [("Recipient code", "near_code")]


def test_rows_that_contradict_each_other_are_told(upload, db):
    batch = upload(GROUPS, "G,One,", "G,Two,", "H,Three,", "H,Three,", kind="groups")
    assert list(batch.problems.values_list("line", "column", "code")) == [(3, "Group name", "conflict")]
    assert [batch.summary[name] for name in ("new", "repeated", "wrong_rows")] == [2, 1, 1]


def test_what_one_may_not_change_stays_as_it_is(upload, leeds):
    keeper = make_person("kim", staff=True)
    keeper.user_permissions.set(Permission.objects.filter(codename__in=["add_import", "view_import", "view_recipient", "add_recipient"]))
    batch = upload(RECIPIENTS, "LEEDS,Other,,,", "YORK,York,,,", kind="recipients", mode="update", actor=keeper)
    assert [batch.summary[name] for name in ("new", "changed", "unchanged")] == [1, 0, 1]


def test_what_was_made_and_changed_is_taken_back(upload, leeds):
    batch = carry_out(upload(RECIPIENTS, "LEEDS,Leeds depot,,,no", "YORK,York,,,", kind="recipients", mode="update"))
    assert take_back(batch).state == Import.State.UNDONE
    leeds.refresh_from_db()
    assert (leeds.name, leeds.is_active) == ("Leeds", True)
    assert not Recipient.objects.filter(code="YORK").exists()


def test_what_is_in_use_or_was_changed_since_is_left(upload, leeds):
    batch = carry_out(upload(RECIPIENTS, "LEEDS,Leeds depot,,,", "YORK,York,,,", "HULL,Hull,,,", kind="recipients", mode="update"))
    RoleAssignment.objects.create(user=make_person(), recipient=Recipient.objects.get(code="YORK"))
    Recipient.objects.filter(code="LEEDS").update(name="Leeds, again")
    batch = take_back(batch)
    assert (batch.summary["undone"], batch.summary["left"]) == (1, 2)
    assert set(Recipient.objects.values_list("code", "name")) == {("LEEDS", "Leeds, again"), ("YORK", "York")}


def test_groups_that_were_made_go_into_the_trash(upload, frank):
    batch = carry_out(upload(GROUPS, "N,Night shift,Those who work at night", kind="groups"))
    group = RecipientGroup.objects.get(code="N")
    assert (group.name, group.description, group.created_by) == ("Night shift", "Those who work at night", frank)
    take_back(batch)
    group = RecipientGroup.all_objects.get(code="N")
    assert (group.is_deleted, group.deleted_by) == (True, frank)


def test_a_code_in_the_trash_is_free(upload, db):
    make_group("Old", code="N").delete()
    carry_out(upload(GROUPS, "N,New,", kind="groups"))
    assert RecipientGroup.objects.get(code="N").name == "New"


def test_what_others_made_since_is_compared_again(upload, db):
    batch = upload(GROUPS, "N,Night,", kind="groups")
    make_group("Night", code="N")
    batch = carry_out(batch)
    assert batch.state == Import.State.READING
    assert read(batch).summary["unchanged"] == 1
