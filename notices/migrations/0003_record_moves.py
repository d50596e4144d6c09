"""Triggers that note who may have come into an audience or gone out of it, whichever way memberships are changed.

A key is packed as in `recipients.audience`: 4 times an id, plus 0 for a recipient, 1 for a group and 2 for a person.
Who and what is behind the thing that changed is noted as it stands within the changing transaction; what another
transaction adds meanwhile is found when the move is followed, by its key (`behind`).
"""

from django.db import migrations

BELONGINGS = "recipients_roleassignment"
GROUPED, NAMED = "recipients_recipientgrouprecipient", "recipients_recipientgroupadditionalrecipient"

# The keys of a recipient: its own, and those of the groups it is in.
KEYS_OF_RECIPIENT = f"""
    CREATE FUNCTION notices_keys_of_recipient(wanted bigint) RETURNS bigint[] LANGUAGE sql STABLE AS $body$
        SELECT ARRAY[wanted * 4] || ARRAY(SELECT g.recipient_group_id * 4 + 1 FROM {GROUPED} g WHERE g.recipient_id = wanted)
    $body$
"""


def written(source: str, *, within: str, keys: str, people: str = "array_agg(user_id)") -> str:
    """One move for each thing that people were put into or taken out of."""
    return f"""
        INSERT INTO notices_audiencemove (keys, people)
        SELECT {keys}, {people} FROM ({source}) changed GROUP BY {within}
    """


def function(name: str, written: dict[str, str]) -> str:
    """`before` and `after` are the rows of the statement, each where its event has it."""
    branches = "".join(f" WHEN '{event}' THEN {statement};" for event, statement in written.items())
    return f"""
        CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $body$
        BEGIN
            CASE TG_OP {branches} END CASE;
            RETURN NULL;
        END
        $body$
    """


def of_assignments(source: str) -> str:
    return written(source, within="recipient_id", keys="notices_keys_of_recipient(recipient_id)")


# A change of the role alone moves nobody.
ALTERED = "(b.user_id, b.recipient_id, b.starts_on, b.ends_on) IS DISTINCT FROM (a.user_id, a.recipient_id, a.starts_on, a.ends_on)"
NOTE_ASSIGNMENTS = function(
    "notices_note_assignments",
    {
        "INSERT": of_assignments("SELECT recipient_id, user_id FROM after"),
        "DELETE": of_assignments("SELECT recipient_id, user_id FROM before"),
        "UPDATE": of_assignments(f"""
            SELECT side.* FROM before b JOIN after a USING (id),
                LATERAL (VALUES (b.recipient_id, b.user_id), (a.recipient_id, a.user_id)) side(recipient_id, user_id)
            WHERE {ALTERED}
        """),
    },
)


def of_people_in_groups(source: str) -> str:
    return written(source, within="recipient_group_id", keys="ARRAY[recipient_group_id * 4 + 1]")


NOTE_PEOPLE_IN_GROUPS = function(
    "notices_note_people_in_groups",
    {
        "INSERT": of_people_in_groups("SELECT recipient_group_id, user_id FROM after"),
        "DELETE": of_people_in_groups("SELECT recipient_group_id, user_id FROM before"),
        "UPDATE": of_people_in_groups(
            "SELECT recipient_group_id, user_id FROM before UNION ALL SELECT recipient_group_id, user_id FROM after"
        ),
    },
)


def of_recipients_in_groups(source: str) -> str:
    return f"""
        INSERT INTO notices_audiencemove (keys, people, behind)
        SELECT moved.keys, ARRAY(SELECT DISTINCT r.user_id FROM {BELONGINGS} r WHERE r.recipient_id = moved.recipient_id),
               ARRAY[moved.recipient_id * 4]
        FROM (
            SELECT recipient_id, array_agg(DISTINCT recipient_group_id * 4 + 1) AS keys FROM ({source}) changed GROUP BY recipient_id
        ) moved
    """


NOTE_RECIPIENTS_IN_GROUPS = function(
    "notices_note_recipients_in_groups",
    {
        "INSERT": of_recipients_in_groups("SELECT recipient_group_id, recipient_id FROM after"),
        "DELETE": of_recipients_in_groups("SELECT recipient_group_id, recipient_id FROM before"),
        "UPDATE": of_recipients_in_groups(
            "SELECT recipient_group_id, recipient_id FROM before UNION ALL SELECT recipient_group_id, recipient_id FROM after"
        ),
    },
)
# An inactive recipient addresses nobody, nor does a group in the trash.
NOTE_SWITCHED_RECIPIENTS = function(
    "notices_note_switched_recipients",
    {
        "UPDATE": f"""
            INSERT INTO notices_audiencemove (keys, people, behind)
            SELECT notices_keys_of_recipient(a.id), ARRAY(SELECT DISTINCT r.user_id FROM {BELONGINGS} r WHERE r.recipient_id = a.id),
                   ARRAY[a.id * 4]
            FROM before b JOIN after a USING (id) WHERE b.is_active <> a.is_active
        """
    },
)
NOTE_SWITCHED_GROUPS = function(
    "notices_note_switched_groups",
    {
        "UPDATE": f"""
            INSERT INTO notices_audiencemove (keys, people, behind)
            SELECT ARRAY[a.id * 4 + 1], ARRAY(
                       SELECT user_id FROM {NAMED} WHERE recipient_group_id = a.id
                       UNION
                       SELECT r.user_id FROM {GROUPED} g JOIN {BELONGINGS} r USING (recipient_id) WHERE g.recipient_group_id = a.id
                   ), ARRAY[a.id * 4 + 1]
            FROM before b JOIN after a USING (id) WHERE b.is_deleted <> a.is_deleted
        """
    },
)
# Of an account that is closed or opened, every way that leads to its person.
NOTE_SWITCHED_PEOPLE = function(
    "notices_note_switched_people",
    {
        "UPDATE": f"""
            INSERT INTO notices_audiencemove (keys, people, behind)
            SELECT ARRAY(
                       SELECT a.id * 4 + 2
                       UNION
                       SELECT recipient_group_id * 4 + 1 FROM {NAMED} WHERE user_id = a.id
                       UNION
                       SELECT unnest(notices_keys_of_recipient(r.recipient_id)) FROM {BELONGINGS} r WHERE r.user_id = a.id
                   ), ARRAY[a.id], ARRAY[a.id * 4 + 2]
            FROM before b JOIN after a USING (id) WHERE b.is_active <> a.is_active
        """
    },
)
SEEN = {
    "INSERT": "NEW TABLE AS after",
    "DELETE": "OLD TABLE AS before",
    "UPDATE": "OLD TABLE AS before NEW TABLE AS after",
}


def on(table: str, called: str, *events: str) -> list[tuple[str, str]]:
    """Triggers that see all rows of a statement at once; and their removal."""
    return [
        (
            f"""
                CREATE TRIGGER note_moves_{event.lower()} AFTER {event} ON {table}
                REFERENCING {SEEN[event]} FOR EACH STATEMENT EXECUTE FUNCTION {called}()
            """,
            f"DROP TRIGGER note_moves_{event.lower()} ON {table}",
        )
        for event in events
    ]


ALL = ("INSERT", "UPDATE", "DELETE")
SQL = [
    (KEYS_OF_RECIPIENT, "DROP FUNCTION notices_keys_of_recipient(bigint)"),
    (NOTE_ASSIGNMENTS, "DROP FUNCTION notices_note_assignments()"),
    (NOTE_PEOPLE_IN_GROUPS, "DROP FUNCTION notices_note_people_in_groups()"),
    (NOTE_RECIPIENTS_IN_GROUPS, "DROP FUNCTION notices_note_recipients_in_groups()"),
    (NOTE_SWITCHED_RECIPIENTS, "DROP FUNCTION notices_note_switched_recipients()"),
    (NOTE_SWITCHED_GROUPS, "DROP FUNCTION notices_note_switched_groups()"),
    (NOTE_SWITCHED_PEOPLE, "DROP FUNCTION notices_note_switched_people()"),
    *on(BELONGINGS, "notices_note_assignments", *ALL),
    *on(NAMED, "notices_note_people_in_groups", *ALL),
    *on(GROUPED, "notices_note_recipients_in_groups", *ALL),
    *on("recipients_recipient", "notices_note_switched_recipients", "UPDATE"),
    *on("recipients_recipientgroup", "notices_note_switched_groups", "UPDATE"),
    *on("recipients_user", "notices_note_switched_people", "UPDATE"),
]


class Migration(migrations.Migration):
    # A database that took this step has the triggers.
    replaces = [("notices", "0014_note_moves")]
    dependencies = [("notices", "0002_count_changes"), ("recipients", "0002_organisation")]

    operations = [migrations.RunSQL([make for make, _ in SQL], [drop for _, drop in reversed(SQL)])]
