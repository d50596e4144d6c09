"""SQL functions that every trigger of the trail shares."""

# The one database role that may touch what is written: for erasing a leaver's personal data.
# No sign-in has it; a session takes it with SET ROLE, and the roles of the cluster say who may.
MAINTENANCE_ROLE = "staff_notices_maintenance"
EPOCH_BITS = 48  # of a stamp, for the transaction id: at 10,000 transactions a second they last 890 years

# Comparable for ever: in a database that was restored, transactions are counted anew under a higher epoch.
# Reading the epoch takes a lock that lets nobody begin another one before this transaction has ended.
STAMP = f"""
CREATE OR REPLACE FUNCTION audit_stamp() RETURNS bigint LANGUAGE sql VOLATILE AS $body$
    SELECT (coalesce((SELECT max(number) FROM audit_epoch), 0)::bigint << {EPOCH_BITS}) | pg_current_xact_id()::text::bigint
$body$
"""

NOTE = """
CREATE OR REPLACE FUNCTION audit_note(
    p_entry bigint, p_at timestamptz, p_actor bigint, p_reason text, p_stamp bigint, p_model text, p_kind text,
    p_count bigint, p_first bigint, p_last bigint, p_object bigint, p_subject bigint
) RETURNS void LANGUAGE plpgsql AS $body$
DECLARE
    v_source text := coalesce(current_setting('audit.source', true), '');
BEGIN
    INSERT INTO audit_entry (
        id, at, user_id, reason, source, source_detail, operation, model, kind, count, history_first, history_last,
        object_id, subject_id, db_role, db_application, history_stamp
    ) VALUES (
        p_entry, p_at, p_actor, p_reason, v_source, nullif(current_setting('audit.source_detail', true), ''),
        coalesce(nullif(current_setting('audit.operation', true), '')::bigint, -p_stamp),
        p_model, p_kind, p_count, p_first, p_last, p_object, p_subject,
        CASE WHEN v_source = '' THEN session_user::text END,
        CASE WHEN v_source = '' THEN left(current_setting('application_name'), 64) END,
        p_stamp
    );
END
$body$
"""

# Only the maintenance role may switch recording off, or give a moment in the past: for loading a made-up past.
CLOCK = f"""
CREATE OR REPLACE FUNCTION audit_clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS $body$
    SELECT CASE WHEN current_user = '{MAINTENANCE_ROLE}'
        THEN coalesce(nullif(current_setting('audit.moment', true), '')::timestamptz, clock_timestamp())
        ELSE clock_timestamp() END
$body$
"""
IS_OFF = f"""
CREATE OR REPLACE FUNCTION audit_is_off() RETURNS boolean LANGUAGE sql STABLE AS $body$
    SELECT current_user = '{MAINTENANCE_ROLE}' AND current_setting('audit.recording', true) = 'off'
$body$
"""

APPEND_ONLY = f"""
CREATE OR REPLACE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF current_user <> '{MAINTENANCE_ROLE}' THEN
        RAISE EXCEPTION '%s is refused on %s: the audit trail is append-only.', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege', HINT = 'docs/operators.md says what the maintenance role is for.';
    END IF;
    RETURN NULL;
END
$body$
""".replace("%s", "%")

# A direct INSERT runs at depth 1, one by a trigger of ours at depth 2.
WRITTEN_BY_TRIGGERS = f"""
CREATE OR REPLACE FUNCTION audit_written_by_triggers() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF pg_trigger_depth() < 2 AND current_user <> '{MAINTENANCE_ROLE}' THEN
        RAISE EXCEPTION 'INSERT is refused on %: only the triggers write the audit trail.', TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege', HINT = 'Change the object itself; its history follows.';
    END IF;
    RETURN NULL;
END
$body$
"""

# TRUNCATE shows no rows to a trigger, so what it removes could not be recorded. Test databases are
# emptied by it between tests; Django gives them, and them alone, a name that begins with “test_”.
NO_TRUNCATE = f"""
CREATE OR REPLACE FUNCTION audit_no_truncate() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF current_user <> '{MAINTENANCE_ROLE}' AND (
        current_database() NOT LIKE 'test\\_%' OR current_setting('audit.refuse_truncate', true) = 'on'
    ) THEN
        RAISE EXCEPTION 'TRUNCATE is refused on %: it would leave no history.', TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege', HINT = 'Use DELETE.';
    END IF;
    RETURN NULL;
END
$body$
"""

# A history row is found by its object's key, so the key never changes.
FIXED_KEY = """
CREATE OR REPLACE FUNCTION audit_fixed_key() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION 'The primary key of % cannot be changed: its history would lose it.', TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege', HINT = 'Insert a new row and delete this one.';
END
$body$
"""

FUNCTIONS = {
    "audit_stamp": STAMP,
    "audit_note": NOTE,
    "audit_clock": CLOCK,
    "audit_is_off": IS_OFF,
    "audit_append_only": APPEND_ONLY,
    "audit_written_by_triggers": WRITTEN_BY_TRIGGERS,
    "audit_no_truncate": NO_TRUNCATE,
    "audit_fixed_key": FIXED_KEY,
}
