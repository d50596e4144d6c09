"""What the database records by itself, whichever way a row is written."""

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import IntegrityError, ProgrammingError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.attribution import acting, operation
from audit.maintenance import maintenance
from audit.models import Entry
from audit.sources import Source
from audit.triggers import faults, install
from audit.triggers.recording import audited_models
from notices.models import Category, Notice, NoticeRecipientGroup
from notices.services import NoticeService
from recipients.models import Recipient, RecipientGroup, User
from tests.makers import make_category, make_draft, make_group, make_person, make_recipient

pytestmark = pytest.mark.django_db


def sql(statement: str, *parameters: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def copy(names: list[str]) -> None:
    statement = "COPY recipients_recipient (code, name, kind, email, is_active, created_at, modified_at) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement) as lines:
        for name in names:
            lines.write_row((name, name, "site", "", True, "2026-01-01", "2026-01-01"))


def history(model=Recipient) -> list[tuple[str, str]]:
    return list(model.history.order_by("history_id").values_list("history_type", "name"))


WRITES = {
    "save": lambda: [Recipient.objects.create(code=name, name=name) for name in "ab"],
    "bulk_create": lambda: Recipient.objects.bulk_create([Recipient(code=name, name=name) for name in "ab"]),
    "COPY": lambda: copy(["a", "b"]),
    "raw SQL": lambda: sql(
        "INSERT INTO recipients_recipient (code, name, kind, email, is_active, created_at, modified_at) "
        "SELECT n, n, 'site', '', true, now(), now() FROM unnest(ARRAY['a', 'b']) n"
    ),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_every_way_to_insert_is_recorded(write):
    write()
    assert history() == [("+", "a"), ("+", "b")]


CHANGES = {
    "save": lambda: [Recipient(**row | {"name": row["name"] * 2}).save() for row in Recipient.objects.values()],
    "update": lambda: Recipient.objects.filter(name="a").update(name="aa") + Recipient.objects.filter(name="b").update(name="bb"),
    "bulk_update": lambda: Recipient.objects.bulk_update(
        [Recipient(pk=row.pk, name=row.name * 2) for row in Recipient.objects.order_by("pk")], ["name"]
    ),
    "upsert": lambda: Recipient.objects.bulk_create(
        [Recipient(code=name, name=name * 2) for name in "ab"], update_conflicts=True, unique_fields=["code"], update_fields=["name"]
    ),
    "raw SQL": lambda: sql("UPDATE recipients_recipient SET name = name || name"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_way_to_change_is_recorded(change):
    WRITES["bulk_create"]()
    change()
    assert history()[2:] == [("~", "aa"), ("~", "bb")]


@pytest.mark.parametrize(
    "delete", [lambda: Recipient.objects.all().delete(), lambda: sql("DELETE FROM recipients_recipient")], ids=["ORM", "raw SQL"]
)
def test_every_way_to_delete_is_recorded(delete):
    WRITES["bulk_create"]()
    delete()
    assert sorted(history()[2:]) == [("-", "a"), ("-", "b")]


def test_a_save_that_changes_nothing_leaves_nothing():
    recipient = make_recipient("Leeds")
    recipient.save()
    Recipient.objects.update(name="Leeds")
    assert history() == [("+", "Leeds")]
    assert Entry.objects.count() == 1 + Entry.objects.filter(model__startswith="auth.").count()


def test_an_upsert_records_what_is_new_and_what_really_changed():
    WRITES["bulk_create"]()
    Recipient.objects.bulk_create(
        [Recipient(code="a", name="a"), Recipient(code="b", name="bb"), Recipient(code="c", name="c")],
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=["name"],
    )
    assert sorted(history()[2:]) == [("+", "c"), ("~", "bb")]


def test_links_and_rights_are_recorded_too(dave, grace):
    role, permission = Group.objects.first(), Group.objects.first().permissions.first()
    with acting(grace, reason="New here"):
        dave.groups.add(role)
        dave.user_permissions.add(permission)
        role.permissions.remove(permission)
    for model, kind in ((User.groups.through, "+"), (User.user_permissions.through, "+"), (Group.permissions.through, "-")):
        row = model.history.filter(history_user=grace).get()
        assert (row.history_type, row.history_change_reason) == (kind, "New here")


def test_what_falls_with_its_object_is_recorded(alice, dave):
    group = make_group(people=(dave,))
    group.hard_delete()
    assert RecipientGroup.history.filter(history_type="-").count() == 1
    assert group.recipientgroupadditionalrecipient_set.model.history.filter(history_type="-").count() == 1


def test_passwords_never_enter_history_but_that_they_were_set_does(dave):
    before = dave.history.count()
    dave.set_password("something new and long")
    dave.save()
    assert dave.history.count() == before + 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(h::text, '') FROM recipients_historicaluser h")
        assert dave.password not in cursor.fetchone()[0]


def test_a_rolled_back_transaction_leaves_no_row():
    with pytest.raises(IntegrityError), transaction.atomic():
        Recipient.objects.bulk_create([Recipient(code="A", name="A"), Recipient(code="B", name="B", kind="unknown")])
    assert history() == []
    assert not Entry.objects.filter(model="recipients.recipient").exists()


def test_primary_keys_never_change():
    recipient = make_recipient()
    with pytest.raises(ProgrammingError, match="primary key of recipients_recipient cannot be changed"), transaction.atomic():
        Recipient.objects.filter(pk=recipient.pk).update(id=recipient.pk + 1)


def test_truncate_is_refused_where_it_would_leave_no_history():
    sql("SET LOCAL audit.refuse_truncate = on")  # test databases alone are emptied so
    for table in ("recipients_recipient", "recipients_historicalrecipient", "audit_entry"):
        with pytest.raises(ProgrammingError, match=f"TRUNCATE is refused on {table}"), transaction.atomic():
            sql(f"TRUNCATE {table} CASCADE")


# -- who, why, and through which door --


def test_the_actor_the_reason_and_the_door_stand_in_every_row(alice):
    with operation(Source.IMPORT, "nights.csv"), acting(alice, reason="New rota"):
        make_recipient("Leeds")
        make_recipient("York")
    rows = Recipient.history.values_list("history_user", "history_change_reason", "history_entry__source", "history_entry__source_detail")
    assert list(rows) == [(alice.pk, "New rota", "import", "nights.csv")] * 2
    assert Entry.objects.filter(model="recipients.recipient").values("operation").distinct().count() == 1


def test_a_write_by_nobody_is_recorded_as_such():
    make_recipient("Leeds")
    entry = Entry.objects.get(model="recipients.recipient")
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_user, current_setting('application_name')")
        assert (entry.db_role, entry.db_application) == cursor.fetchone()
    assert (entry.source, entry.user) == (Source.NONE, None)
    assert entry.operation < 0


def test_the_system_itself_is_not_nobody():
    with operation(Source.TASK, "notices.sweep"), acting(None):
        make_recipient()
    entry = Entry.objects.get(model="recipients.recipient")
    assert (entry.source, entry.source_detail, entry.user, entry.db_role) == ("task", "notices.sweep", None, None)


def test_the_first_account_is_made_by_a_command():
    with operation(Source.COMMAND, "createsuperuser"):
        call_command("createsuperuser", username="root", email="root@example.org", interactive=False, verbosity=0)
    entry = Entry.objects.get(model="recipients.user")
    assert (entry.source, entry.source_detail, entry.user) == ("command", "createsuperuser", None)


def test_attribution_ends_with_its_block_even_inside_one_transaction(alice, grace):
    with acting(alice, reason="Outer"):
        with acting(grace):
            make_recipient("inner")
        make_recipient("outer")
    make_recipient("none")
    rows = Recipient.history.order_by("history_id").values_list("name", "history_user", "history_change_reason")
    assert list(rows) == [("inner", grace.pk, "Outer"), ("outer", alice.pk, "Outer"), ("none", None, None)]


def test_attribution_survives_a_failure_that_was_caught(alice):
    Recipient.objects.create(code="A", name="A")
    with acting(alice):
        with pytest.raises(IntegrityError), transaction.atomic(), acting(None, reason="Doomed"):
            Recipient.objects.create(code="A", name="A")
        make_recipient("after")
    make_recipient("none")
    rows = dict(Recipient.history.values_list("name", "history_user"))
    assert (rows["after"], rows["none"]) == (alice.pk, None)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(reason=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_any_reason_is_kept_as_it_was_given(reason):
    with acting(None, reason=reason):
        recipient = make_recipient()
    assert recipient.history.get().history_change_reason == (reason or None)


def test_a_page_a_task_and_a_command_each_leave_one_operation(client, alice, dave):
    group, category = make_group(people=(dave,)), make_category()
    client.force_login(alice)
    with operation(Source.FORM, "/admin/notices/notice/add/"):
        draft = make_draft(author=alice, groups=(group,), category=category)
    entries = Entry.objects.filter(source="form")
    assert set(entries.values_list("model", flat=True)) == {"notices.notice", "notices.noticerecipientgroup"}
    assert set(entries.values_list("user", "subject_id")) == {(alice.pk, draft.pk)}
    assert entries.values("operation").distinct().count() == 1


# -- the entry and its rows --


def test_one_statement_is_one_entry_that_leads_to_its_rows(alice):
    people = [make_person() for _ in range(12)]
    group = make_group()
    with acting(alice):
        group.recipientgroupadditionalrecipient_set.bulk_create(
            [group.recipientgroupadditionalrecipient_set.model(recipient_group=group, user=person) for person in people]
        )
    entry = Entry.objects.get(model="recipients.recipientgroupadditionalrecipient")
    rows = group.recipientgroupadditionalrecipient_set.model.history.filter(history_id__range=(entry.history_first, entry.history_last))
    assert (entry.count, entry.kind, entry.object_id, entry.subject_id) == (12, "+", None, group.pk)
    assert {row.user_id for row in rows} == {person.pk for person in people}
    assert {row.history_entry_id for row in rows} == {entry.pk}


def test_an_entry_about_several_things_names_none(alice):
    groups = [make_group(), make_group()]
    draft = make_draft(author=alice)
    other = make_draft(author=alice)
    NoticeRecipientGroup.objects.bulk_create([NoticeRecipientGroup(notice=n, recipient_group=groups[0]) for n in (draft, other)])
    assert Entry.objects.filter(model="notices.noticerecipientgroup").latest("id").subject_id is None


def test_simple_history_reads_what_the_triggers_wrote(alice):
    category = make_category("Safety")
    with acting(alice):
        Category.objects.filter(pk=category.pk).update(name="Fire safety")
    new, old = category.history.all()
    assert new.prev_record == old
    assert [(change.field, change.old, change.new) for change in new.diff_against(old).changes] == [("name", "Safety", "Fire safety")]
    assert Category.history.as_of(old.history_date).get().name == "Safety"
    assert new.history_user == alice


# -- append-only --


@pytest.mark.parametrize("model", [Recipient, Notice, User.groups.through], ids=lambda m: m.__name__)
def test_history_is_neither_changed_nor_deleted_nor_forged(alice, dave, model):
    make_recipient()
    make_draft(author=alice, people=(dave,))
    table = model.history.model._meta.db_table
    for statement in (
        f"UPDATE {table} SET history_change_reason = 'Harmless'",
        f"DELETE FROM {table}",
        f"INSERT INTO {table} SELECT * FROM {table} LIMIT 1",
    ):
        with pytest.raises(ProgrammingError, match=f"is refused on {table}"), transaction.atomic():
            sql(statement)


@pytest.mark.parametrize("statement", ["UPDATE audit_entry SET source = 'form'", "DELETE FROM audit_entry"])
def test_entries_are_neither_changed_nor_deleted(statement):
    make_recipient()
    with pytest.raises(ProgrammingError, match="is refused on audit_entry"), transaction.atomic():
        sql(statement)


def test_only_the_maintenance_role_dates_back_or_records_nothing():
    sql("SELECT set_config('audit.moment', '2001-01-01', true), set_config('audit.recording', 'off', true)")
    recipient = make_recipient()
    assert recipient.history.get().history_date.year > 2001
    with maintenance():
        Recipient.objects.filter(pk=recipient.pk).update(name="Quiet")
    assert recipient.history.count() == 1


# -- in step with the models --


def test_every_audited_model_has_its_triggers():
    assert len(audited_models()) >= 26
    assert faults() == []


DAMAGE = {
    "ALTER TABLE notices DISABLE TRIGGER audit_update": "The trigger audit_update on notices is disabled.",
    "DROP TRIGGER audit_append_only ON notices_historicalnotice": (
        "The trigger audit_append_only on notices_historicalnotice is missing or altered."
    ),
    "ALTER TABLE notices ENABLE REPLICA TRIGGER audit_insert": "The trigger audit_insert on notices is disabled.",
    "CREATE OR REPLACE FUNCTION audit_record_notices() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'": (
        "The function audit_record_notices is missing or altered."
    ),
    "CREATE TRIGGER audit_extra AFTER INSERT ON notices FOR EACH ROW EXECUTE FUNCTION audit_record_notices()": (
        "The trigger audit_extra on notices is not ours."
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_trigger_is_named_and_mended_by_migrate(damage):
    sql(damage)
    assert faults() == [DAMAGE[damage]]
    with pytest.raises(SystemCheckError, match=DAMAGE[damage]):
        call_command("check", databases=["default"])
    install()
    assert faults() == []


def test_nothing_of_a_service_is_unattributed(alice, erin, dave, grace):
    before = Entry.objects.latest("id").pk
    with operation(Source.FORM):
        notice = NoticeService.publish(make_draft(author=alice, people=(dave,)).pk, actor=alice)
        NoticeService.mark_as_read(notice, dave)
        NoticeService.withdraw(notice.pk, actor=alice, reason="Wrong day")
        NoticeService.delete(notice.pk, actor=alice)
        NoticeService.restore(notice.pk, actor=grace)
    entries = Entry.objects.filter(pk__gt=before)
    assert not entries.filter(source="").exists()
    assert not entries.filter(user=None).exists()
