"""The statements that bring deliveries in step with audiences, for some people or for one whole notice."""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from notices.models import ClosedWhy
from notices.models.notice import JOINER_DAYS
from notices.services import opting_out
from recipients.audience import GROUP, KEY_KINDS, KEYS_OF_PEOPLE, RECIPIENT, routes_sql

LIVE = "(a.ends_on IS NULL OR a.ends_on >= %(day)s)"

# Of each notice on show that the moves lead to, and each person who moved: is the person in its audience now?
# A recipient's groups are looked up once more: another transaction may have put it into one meanwhile.
# The question whether someone is in is a hashed set: joined, its size is guessed far too low.
OF_MOVES = f"""
    WITH way AS MATERIALIZED (
        SELECT DISTINCT key, person_id FROM notices_audiencemove m, unnest(m.keys) key, unnest(m.people) person_id
        WHERE m.id = ANY(%(moves)s)
    ),
    touched AS MATERIALIZED (
        SELECT DISTINCT a.notice_id, a.revision, way.person_id
        FROM (
            SELECT key, person_id FROM way
            UNION
            SELECT g.recipient_group_id * {KEY_KINDS} + {GROUP}, way.person_id
            FROM way JOIN recipients_recipientgrouprecipient g ON g.recipient_id = way.key / {KEY_KINDS}
            WHERE way.key %% {KEY_KINDS} = {RECIPIENT}
        ) way JOIN notices_audiencekey a ON a.key = way.key AND {LIVE}
        WHERE a.notice_id > %(after)s AND a.notice_id <= %(until)s
    ),
    inside AS MATERIALIZED (
        SELECT a.notice_id, held.user_id
        FROM (SELECT DISTINCT notice_id FROM touched) t
        JOIN notices_audiencekey a USING (notice_id)
        JOIN ({KEYS_OF_PEOPLE}) held USING (key)
    )
    SELECT t.notice_id, t.revision, t.person_id,
           u.is_active AND (t.notice_id, t.person_id) IN (SELECT notice_id, user_id FROM inside) AS is_in
    FROM touched t JOIN recipients_user u ON u.id = t.person_id
"""
# Of one notice: those who are in its audience and have no delivery, or one that is closed; and the other way round.
OF_NOTICE = f"""
    SELECT %(notice)s::bigint AS notice_id, %(revision)s::int AS revision, coalesce(member.id, told.person_id) AS person_id,
           member.id IS NOT NULL AS is_in
    FROM (SELECT u.id FROM recipients_user u WHERE u.is_active AND u.id IN (SELECT user_id FROM ({routes_sql()}) r)) member
    FULL JOIN (
        SELECT person_id, closed_at IS NOT NULL AS is_closed FROM notices_delivery
        WHERE notice_id = %(notice)s AND revision = %(revision)s AND kind = 'publication' AND occasion = 0
    ) told ON told.person_id = member.id
    WHERE CASE WHEN member.id IS NULL THEN NOT told.is_closed AND NOT EXISTS (
                   SELECT FROM notices_readacknowledgment r
                   WHERE r.user_id = told.person_id AND r.notice_id = %(notice)s AND r.revision = %(revision)s
                   AND r.acknowledged_at IS NOT NULL
               ) ELSE told.person_id IS NULL OR told.is_closed END
"""

# N working days after the first on which both the notice and the person are there; never before everybody else's day.
OWN_DAY = f"""
    least(n.end_date, greatest(n.due_date, (
        SELECT day::date
        FROM (SELECT greatest(%(day)s, n.start_date) AS first, coalesce(n.joiner_days, c.joiner_days, {JOINER_DAYS})::int AS days) own,
             generate_series(own.first + 1, own.first + 2 * own.days + 3, interval '1 day') day
        WHERE extract(isodow FROM day) < 6 ORDER BY day OFFSET (coalesce(n.joiner_days, c.joiner_days, {JOINER_DAYS}) - 1) LIMIT 1
    )))
"""
# What was changed with the closing, or after it, was held back by it: only then is a mail still owed.
HELD_BACK = "d.state IN ('cancelled', 'suppressed') AND d.changed_at >= d.closed_at"

ACKNOWLEDGED = """EXISTS (
    SELECT FROM notices_readacknowledgment r
    WHERE r.user_id = m.person_id AND r.notice_id = m.notice_id AND r.revision = m.revision AND r.acknowledged_at IS NOT NULL
)"""

# Who acknowledged what they found in the inbox before they were told has a delivery too, gone again or not.
FOLLOW = f"""
    WITH member AS MATERIALIZED ({{members}}),
    differing AS MATERIALIZED (
        SELECT m.notice_id, m.revision, m.person_id, m.is_in, d.id AS delivery_id, {ACKNOWLEDGED} AS has_acknowledged
        FROM member m LEFT JOIN notices_delivery d
        ON d.notice_id = m.notice_id AND d.revision = m.revision AND d.kind = 'publication' AND d.occasion = 0 AND d.person_id = m.person_id
        WHERE CASE WHEN d.id IS NULL THEN m.is_in OR {ACKNOWLEDGED}
                   WHEN m.is_in THEN d.closed_at IS NOT NULL
                   ELSE d.closed_at IS NULL AND NOT {ACKNOWLEDGED} END
    ),
    terms AS MATERIALIZED (
        SELECT n.id, n.tells_joiners OR %(tell_all)s AS tells_joiners,
               greatest(n.start_date::timestamp AT TIME ZONE %(zone)s, statement_timestamp()) AS first_moment,
               CASE WHEN n.requires_acknowledgement AND n.due_date IS NOT NULL THEN {OWN_DAY} END AS due_on,
               CASE WHEN c.mails_are_optional AND NOT n.requires_acknowledgement THEN c.id END AS optional
        FROM notices n LEFT JOIN notices_category c ON c.id = n.category_id
        WHERE n.id = ANY(ARRAY(SELECT DISTINCT notice_id FROM differing))
    ),
    joined AS (
        INSERT INTO notices_delivery
            (notice_id, person_id, revision, kind, state, attempts, next_attempt_at, changed_at, reason, joined_at, due_on)
        SELECT x.notice_id, x.person_id, x.revision, 'publication',
               CASE WHEN u.email = '' OR p.id IS NOT NULL OR o.id IS NOT NULL OR x.has_acknowledged OR NOT t.tells_joiners
                    THEN 'suppressed' ELSE 'waiting' END,
               0, t.first_moment, statement_timestamp(),
               CASE WHEN x.has_acknowledged THEN %(done)s WHEN NOT t.tells_joiners THEN %(not_told)s
                    WHEN u.email = '' THEN %(no_address)s WHEN p.id IS NOT NULL THEN %(address_fails)s
                    WHEN o.id IS NOT NULL THEN %(declined)s ELSE '' END,
               statement_timestamp(), t.due_on
        FROM differing x JOIN terms t ON t.id = x.notice_id JOIN recipients_user u ON u.id = x.person_id
        LEFT JOIN recipients_addressproblem p ON p.person_id = u.id
        LEFT JOIN notices_mailoptout o ON o.user_id = u.id AND o.category_id = t.optional
        WHERE x.delivery_id IS NULL
        ORDER BY x.notice_id, x.person_id
        ON CONFLICT DO NOTHING
        RETURNING notice_id, state
    ),
    closed AS (
        UPDATE notices_delivery d
        SET closed_at = statement_timestamp(),
            closed_why = CASE WHEN u.is_active THEN %(why)s ELSE 'inactive' END,
            state = CASE WHEN d.state NOT IN ('waiting', 'retry') THEN d.state WHEN u.is_active THEN 'cancelled' ELSE 'suppressed' END,
            reason = CASE WHEN d.state NOT IN ('waiting', 'retry') THEN d.reason WHEN u.is_active THEN %(gone)s ELSE %(inactive)s END,
            -- A worker that found the account closed held the mail back for the same reason.
            changed_at = CASE WHEN d.state IN ('waiting', 'retry') OR d.state = 'suppressed' AND d.attempts > 0
                              THEN statement_timestamp() ELSE d.changed_at END
        FROM differing x JOIN recipients_user u ON u.id = x.person_id
        WHERE NOT x.is_in AND d.id = x.delivery_id AND d.closed_at IS NULL
        RETURNING d.id, d.closed_why
    ),
    reopened AS (
        UPDATE notices_delivery d
        SET closed_at = NULL, closed_why = '', due_on = t.due_on,
            state = CASE WHEN {HELD_BACK} THEN 'waiting' ELSE d.state END,
            reason = CASE WHEN {HELD_BACK} THEN '' ELSE d.reason END,
            changed_at = CASE WHEN {HELD_BACK} THEN statement_timestamp() ELSE d.changed_at END,
            next_attempt_at = CASE WHEN {HELD_BACK} THEN t.first_moment ELSE d.next_attempt_at END
        FROM differing x JOIN terms t ON t.id = x.notice_id
        WHERE x.is_in AND d.id = x.delivery_id AND d.closed_at IS NOT NULL
        RETURNING d.id, d.notice_id, d.state
    ),
    told AS (
        INSERT INTO notices_deliveryevent (delivery_id, what, why, reason)
        SELECT id, 'closed', closed_why, %(reason)s FROM closed
        UNION ALL
        SELECT id, 'reopened', '', %(reason)s FROM reopened
    )
    SELECT (SELECT count(*) FROM joined), (SELECT count(*) FROM closed), (SELECT count(*) FROM reopened),
           ARRAY(SELECT notice_id FROM joined WHERE state = 'waiting' UNION SELECT notice_id FROM reopened WHERE state = 'waiting')
"""


def words() -> dict[str, Any]:
    """What the statements write down, and the zone whose days they count."""
    return {
        "zone": settings.TIME_ZONE,
        "why": ClosedWhy.LEFT,
        "reason": "",
        "tell_all": False,  # also of a notice that mails nobody who joins
        "gone": _("No longer in the audience when the mail was to leave."),
        "inactive": _("No longer active."),
        "done": _("Acknowledged it in the inbox before a mail was to leave."),
        "not_told": _("Joined after the publication. This notice mails nobody who joins later; it is in the inbox."),
        "no_address": _("No e-mail address. The notice is in the inbox."),
        "address_fails": _("Mail to this address comes back. Correct it on the page of the person. The notice is in the inbox."),
        "declined": opting_out.reason(),
    }
