"""The statements that note who is to be reminded, drop whom it concerns no more, and put the rest into one mail a person a day."""

from notices.models import MailState
from notices.services.opting_out import DECLINED

UNTOLD = (MailState.WAITING.value, MailState.RETRY.value, MailState.CLAIMED.value)

# People's time zones and the day that it is there.
LOCAL = "unnest(%(zones)s::text[], %(days)s::date[], %(ends)s::timestamptz[]) AS local(zone, day, until)"

# Of a mail `m`: no worker took it, so more can be put into it. Of those that cannot be mailed, neither.
OPEN = "(m.state IN ('waiting', 'retry') OR m.state = 'suppressed' AND m.attempts = 0)"
ADDRESS_FAILS = "SELECT person_id FROM recipients_addressproblem"
DONE = """EXISTS (
    SELECT FROM notices_readacknowledgment a
    WHERE a.notice_id = n.id AND a.revision = n.revision AND a.user_id = d.person_id
    AND (a.acknowledged_at IS NOT NULL OR NOT n.requires_acknowledgement)
)"""
ON_SHOW = (
    """n.status = 'published' AND NOT n.is_deleted AND n.start_date <= %(today)s AND (n.end_date IS NULL OR n.end_date >= %(today)s)"""
)
# A mail to each of them has left, or never will: whoever waits for the first one is not reminded of it.
ASKED = f"""d.kind = 'publication' AND d.occasion = 0 AND d.closed_at IS NULL AND d.state <> ALL(ARRAY{list(UNTOLD)})"""

# The days on which a notice reminds, a few of them at a time: from `back` days ago to tomorrow, which it is somewhere.
# Whoever has a day of their own is found by that, all others by the notice's.
NOTE = f"""
    WITH plan AS MATERIALIZED (
        SELECT n.id, n.revision, n.due_date, n.requires_acknowledgement, away
        FROM notices n, LATERAL (SELECT -k AS away FROM unnest(n.remind_before) k UNION SELECT k FROM unnest(n.remind_after) k) away
        WHERE n.requires_acknowledgement AND n.due_date IS NOT NULL AND {ON_SHOW}
    ),
    occasion AS MATERIALIZED (
        SELECT plan.*, day::date, day::date - away AS due_on
        FROM plan, generate_series(%(today)s::date - %(back)s, %(today)s::date + 1, interval '1 day') day
    ),
    asked AS (
        SELECT n.id, n.revision, n.day, d.person_id, d.changed_at
        FROM occasion n JOIN notices_delivery d ON d.notice_id = n.id AND d.revision = n.revision
        WHERE n.due_date = n.due_on AND d.due_on IS NULL AND {ASKED} AND NOT {DONE}
        UNION ALL
        SELECT n.id, n.revision, n.day, d.person_id, d.changed_at
        FROM occasion n JOIN notices_delivery d ON d.notice_id = n.id AND d.revision = n.revision AND d.due_on = n.due_on
        WHERE d.due_on IS NOT NULL AND {ASKED} AND NOT {DONE}
    )
    INSERT INTO notices_reminder (notice_id, revision, person_id, day)
    SELECT asked.id, asked.revision, asked.person_id, asked.day
    FROM asked JOIN recipients_user u ON u.id = asked.person_id AND u.is_active JOIN {LOCAL} ON local.zone = u.time_zone
    WHERE asked.day <= local.day AND asked.day > (asked.changed_at AT TIME ZONE %(organisation)s)::date
    AND NOT EXISTS (
        SELECT FROM notices_reminder r
        WHERE r.notice_id = asked.id AND r.revision = asked.revision AND r.person_id = asked.person_id AND r.day = asked.day
    )
    ORDER BY asked.id, asked.person_id
    ON CONFLICT DO NOTHING
"""

# What was asked by hand, of everyone outstanding or of `person` alone; not of whom is about to be reminded of it anyway,
# nor of those who do without mails about it.
OUTSTANDING = f"""
    SELECT n.id, n.revision, u.id AS person_id, u.email, u.time_zone, EXISTS (
        SELECT FROM notices_reminder r LEFT JOIN notices_remindermail m ON m.id = r.mail_id
        WHERE r.person_id = d.person_id AND r.notice_id = n.id AND r.revision = n.revision AND r.needless = ''
        AND (r.mail_id IS NULL OR m.state IN ('waiting', 'retry', 'claimed'))
    ) AS waits
    FROM notices n JOIN notices_delivery d ON d.notice_id = n.id AND d.revision = n.revision
    JOIN recipients_user u ON u.id = d.person_id AND u.is_active
    WHERE n.id = %(notice)s AND {ASKED} AND NOT {DONE} AND NOT {DECLINED} AND (%(person)s::bigint IS NULL OR u.id = %(person)s)
"""
CALL = f"""
    INSERT INTO notices_reminder (notice_id, revision, person_id, call_id)
    SELECT o.id, o.revision, o.person_id, %(call)s FROM ({OUTSTANDING}) o WHERE NOT o.waits ORDER BY o.person_id
"""
COUNT = f"""
    SELECT count(*) FILTER (WHERE NOT waits), count(*) FILTER (WHERE waits),
           count(*) FILTER (WHERE NOT waits AND (o.email = '' OR o.person_id IN ({ADDRESS_FAILS}))),
           count(*) FILTER (WHERE NOT waits AND EXISTS (
               SELECT FROM notices_remindermail m
               WHERE m.person_id = o.person_id AND m.day = local.day AND NOT {OPEN}
           ))
    FROM ({OUTSTANDING}) o JOIN {LOCAL} ON local.zone = o.time_zone
"""

WAITING = "r.mail_id IS NULL AND r.needless = ''"
ZONES_OF_WAITING = f"SELECT DISTINCT u.time_zone FROM notices_reminder r JOIN recipients_user u ON u.id = r.person_id WHERE {WAITING}"

# Why a reminder `r` says nothing to its person any more; empty while it does.
WHY_NEEDLESS = f"""
    CASE WHEN n.revision <> r.revision OR NOT ({ON_SHOW}) THEN 'off_show'
         WHEN {DONE} THEN 'done'
         WHEN d.closed_at IS NOT NULL OR NOT u.is_active THEN 'closed'
         ELSE '' END
"""
OF_REMINDER = """
    JOIN notices n ON n.id = r.notice_id
    JOIN notices_delivery d ON d.notice_id = r.notice_id AND d.revision = r.revision AND d.kind = 'publication' AND d.occasion = 0
         AND d.person_id = r.person_id
    JOIN recipients_user u ON u.id = r.person_id
"""
AT_WORK = f"{LOCAL} ON local.zone = u.time_zone AND local.until IS NOT NULL"
DROP = f"""
    UPDATE notices_reminder SET needless = x.why
    FROM (
        SELECT r.id, {WHY_NEEDLESS} AS why FROM notices_reminder r {OF_REMINDER} JOIN {AT_WORK} WHERE {WAITING}
    ) x
    WHERE notices_reminder.id = x.id AND x.why <> ''
"""

# What did not leave in time, because no worker or mail server was there, is said with the next mail.
LATE = """
    WITH late AS (
        UPDATE notices_remindermail SET state = 'cancelled', reason = %(late)s, changed_at = statement_timestamp()
        WHERE state IN ('waiting', 'retry') AND leave_by <= statement_timestamp()
        RETURNING id
    )
    UPDATE notices_reminder r SET mail_id = NULL FROM late WHERE r.mail_id = late.id
"""

NOW_AT_WORK = f"""
    FROM notices_reminder r JOIN recipients_user u ON u.id = r.person_id JOIN {AT_WORK}
    WHERE {WAITING} AND NOT EXISTS (SELECT FROM notices_sendingpause p WHERE p.notice_id = r.notice_id)
"""
OPEN_MAILS = f"""
    INSERT INTO notices_remindermail (person_id, day, leave_by, state, reason, next_attempt_at)
    SELECT w.person_id, w.day, w.until, CASE WHEN w.reason = '' THEN 'waiting' ELSE 'suppressed' END, w.reason, statement_timestamp()
    FROM (
        SELECT DISTINCT r.person_id, local.day, local.until,
               CASE WHEN u.email = '' THEN %(no_address)s
                    WHEN u.id IN ({ADDRESS_FAILS}) THEN %(address_fails)s ELSE '' END AS reason
        {NOW_AT_WORK}
    ) w
    ORDER BY w.person_id
    ON CONFLICT (person_id, day) DO NOTHING
"""
# Into the mail of the day as long as no worker took it; whoever had theirs today gets the rest with the next one.
PUT_INTO_MAILS = f"""
    WITH mine AS MATERIALIZED (
        SELECT r.id, (SELECT m.id FROM notices_remindermail m WHERE m.person_id = r.person_id AND m.day = local.day) AS mail_id
        {NOW_AT_WORK}
    ),
    mail AS MATERIALIZED (
        SELECT m.id FROM notices_remindermail m WHERE m.id IN (SELECT mail_id FROM mine) AND {OPEN} ORDER BY m.id FOR UPDATE
    ),
    -- Not a join of the two: the planner knows the size of neither, and would compare each with each.
    fitting AS MATERIALIZED (SELECT id, mail_id, mail_id IN (SELECT id FROM mail) AS is_open FROM mine)
    UPDATE notices_reminder r SET mail_id = fitting.mail_id FROM fitting WHERE r.id = fitting.id AND fitting.is_open
"""

# What a mail says when it leaves.
CONTENT = f"""
    SELECT DISTINCT r.mail_id, n.id, n.title, n.requires_acknowledgement, coalesce(d.due_on, n.due_date) AS due_on
    FROM notices_reminder r {OF_REMINDER}
    WHERE r.mail_id = ANY(%(mails)s) AND ({WHY_NEEDLESS}) = ''
    AND NOT EXISTS (SELECT FROM notices_sendingpause p WHERE p.notice_id = r.notice_id)
    ORDER BY due_on NULLS LAST, n.id
"""
