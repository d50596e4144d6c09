"""Triggers that count what changes behind an audience key, whichever way it is changed."""

from django.db import migrations

# Takes a row of the key that nobody holds, or makes one: two who change the same key never wait for each other.
NOTE_CHANGES = """
    CREATE FUNCTION notices_note_changes(changed bigint[]) RETURNS void LANGUAGE sql AS $body$
        WITH noted AS (
            UPDATE notices_audiencechange SET times = times + 1
            WHERE id IN (
                SELECT free.id
                FROM unnest(changed) AS k(key), LATERAL (
                    SELECT c.id FROM notices_audiencechange c WHERE c.key = k.key ORDER BY c.id LIMIT 1 FOR UPDATE SKIP LOCKED
                ) free
            )
            RETURNING key
        )
        INSERT INTO notices_audiencechange (key, times)
        SELECT k.key, 1 FROM unnest(changed) AS k(key) WHERE k.key NOT IN (SELECT key FROM noted)
    $body$
"""
NOTE_AUDIENCE = """
    CREATE FUNCTION notices_note_audience() RETURNS trigger LANGUAGE plpgsql AS $body$
    BEGIN
        PERFORM notices_note_changes(ARRAY(SELECT DISTINCT key FROM changed));
        RETURN NULL;
    END
    $body$
"""
# A count that is right at this moment is carried over the readings; any other is left to be made anew.
# user_id * 4 + 2 is the key of a person (recipients.audience).
NOTE_READINGS = """
    CREATE FUNCTION notices_note_readings() RETURNS trigger LANGUAGE plpgsql AS $body$
    BEGIN
        IF TG_OP = 'INSERT' THEN
            UPDATE notices_unreadcount u
            SET changes = u.changes + 1,
                unread = u.unread - (
                    SELECT count(DISTINCT a.notice_id)
                    FROM changed r JOIN notices_audiencekey a ON a.notice_id = r.notice_id AND a.revision = r.revision
                    WHERE r.user_id = u.user_id AND a.key = ANY(u.keys)
                    AND a.starts_on <= u.day AND (a.ends_on IS NULL OR a.ends_on >= u.day)
                )
            WHERE u.user_id IN (SELECT r.user_id FROM changed r)
            AND u.changes = (SELECT coalesce(sum(c.times), 0) FROM notices_audiencechange c WHERE c.key = ANY(u.keys));
        END IF;
        PERFORM notices_note_changes(ARRAY(SELECT DISTINCT user_id * 4 + 2 FROM changed));
        RETURN NULL;
    END
    $body$
"""
NOTE_ALTERED_READING = """
    CREATE FUNCTION notices_note_altered_reading() RETURNS trigger LANGUAGE plpgsql AS $body$
    BEGIN
        PERFORM notices_note_changes(ARRAY[OLD.user_id * 4 + 2, NEW.user_id * 4 + 2]);
        RETURN NULL;
    END
    $body$
"""
# Acknowledging alters a reading too, but not what was read.
ON_ALTERED_READING = """
    CREATE TRIGGER note_altered_readings AFTER UPDATE ON notices_readacknowledgment FOR EACH ROW
    WHEN ((OLD.user_id, OLD.notice_id, OLD.revision) IS DISTINCT FROM (NEW.user_id, NEW.notice_id, NEW.revision))
    EXECUTE FUNCTION notices_note_altered_reading()
"""


def on(table: str, name: str, event: str, transition: str, function: str) -> tuple[str, str]:
    """A trigger that sees all rows of a statement at once, as `changed`; and its removal."""
    seen = f"REFERENCING {transition} TABLE AS changed FOR EACH STATEMENT"
    return f"CREATE TRIGGER {name} AFTER {event} ON {table} {seen} EXECUTE FUNCTION {function}()", f"DROP TRIGGER {name} ON {table}"


KEYS, READINGS = "notices_audiencekey", "notices_readacknowledgment"
SQL = [
    (NOTE_CHANGES, "DROP FUNCTION notices_note_changes(bigint[])"),
    (NOTE_AUDIENCE, "DROP FUNCTION notices_note_audience()"),
    (NOTE_READINGS, "DROP FUNCTION notices_note_readings()"),
    (NOTE_ALTERED_READING, "DROP FUNCTION notices_note_altered_reading()"),
    on(KEYS, "note_added_keys", "INSERT", "NEW", "notices_note_audience"),
    on(KEYS, "note_removed_keys", "DELETE", "OLD", "notices_note_audience"),
    on(KEYS, "note_keys_before", "UPDATE", "OLD", "notices_note_audience"),
    on(KEYS, "note_keys_after", "UPDATE", "NEW", "notices_note_audience"),
    on(READINGS, "note_readings", "INSERT", "NEW", "notices_note_readings"),
    on(READINGS, "note_removed_readings", "DELETE", "OLD", "notices_note_readings"),
    (ON_ALTERED_READING, f"DROP TRIGGER note_altered_readings ON {READINGS}"),
]


class Migration(migrations.Migration):
    # A database that took this step has the triggers.
    replaces = [("notices", "0006_remember_unread_counts")]
    dependencies = [("notices", "0001_schema")]

    operations = [migrations.RunSQL([make for make, _ in SQL], [drop for _, drop in reversed(SQL)])]
