"""Who is behind an address: which entities, groups and keys a person holds, and the way back.

The SQL fragments here are the one place that knows how membership is resolved. They read it at
the moment they run, so a joiner or leaver counts at once. Each takes the day as a parameter.
"""

import re
from typing import Any

from django.db.models.expressions import RawSQL

from recipients.models import RoleAssignment

# An audience key packs an address into one bigint, so that one index serves all three kinds.
KEY_KINDS = 4
RECIPIENT, GROUP, PERSON = 0, 1, 2


def audience_key(kind: int, pk: int) -> int:
    return pk * KEY_KINDS + kind


def user_role_entity_ids(user) -> list[int]:
    """Ids of the active entities that `user` belongs to today."""
    if user.pk is None:
        return []
    return list(RoleAssignment.objects.counting().filter(user=user).values_list("recipient_id", flat=True).distinct())


# Every running membership: (user_id, recipient_id). Parameters: day, day.
CURRENT_ASSIGNMENTS = """
    SELECT ra.user_id, ra.recipient_id
    FROM recipients_roleassignment ra
    JOIN recipients_recipient r ON r.id = ra.recipient_id AND r.is_active
    WHERE (ra.starts_on IS NULL OR ra.starts_on <= %(day)s) AND (ra.ends_on IS NULL OR ra.ends_on >= %(day)s)
"""

# The audience keys that one person holds: (key). Parameters: day, user.
KEYS_OF_PERSON = f"""
    WITH entity AS MATERIALIZED ({CURRENT_ASSIGNMENTS} AND ra.user_id = %(user)s)
    SELECT recipient_id * {KEY_KINDS} + {RECIPIENT} AS key FROM entity
    UNION
    SELECT gr.recipient_group_id * {KEY_KINDS} + {GROUP}
    FROM entity
    JOIN recipients_recipientgrouprecipient gr USING (recipient_id)
    JOIN recipients_recipientgroup g ON g.id = gr.recipient_group_id AND NOT g.is_deleted
    UNION
    SELECT ga.recipient_group_id * {KEY_KINDS} + {GROUP}
    FROM recipients_recipientgroupadditionalrecipient ga
    JOIN recipients_recipientgroup g ON g.id = ga.recipient_group_id AND NOT g.is_deleted
    WHERE ga.user_id = %(user)s
    UNION
    SELECT %(user)s::bigint * {KEY_KINDS} + {PERSON}
"""  # noqa: S608 - constants of this module only

_ROUTES = f"""
    SELECT ra.user_id, {RECIPIENT} AS kind, ra.recipient_id AS address_id
    FROM ({CURRENT_ASSIGNMENTS}) ra WHERE ra.recipient_id = ANY(%(recipients)s) {{of_people}}
    UNION
    SELECT ra.user_id, {GROUP}, gr.recipient_group_id
    FROM recipients_recipientgrouprecipient gr
    JOIN recipients_recipientgroup g ON g.id = gr.recipient_group_id AND NOT g.is_deleted
    JOIN ({CURRENT_ASSIGNMENTS}) ra ON ra.recipient_id = gr.recipient_id
    WHERE gr.recipient_group_id = ANY(%(groups)s) {{of_people}}
    UNION
    SELECT ra.user_id, {GROUP}, ra.recipient_group_id
    FROM recipients_recipientgroupadditionalrecipient ra
    JOIN recipients_recipientgroup g ON g.id = ra.recipient_group_id AND NOT g.is_deleted
    WHERE ra.recipient_group_id = ANY(%(groups)s) {{of_people}}
    UNION
    SELECT ra.user_id, {PERSON}, ra.user_id
    FROM unnest(%(people)s::bigint[]) AS ra(user_id) WHERE true {{of_people}}
"""  # noqa: S608 - constants of this module only


def routes_sql(*, of_people: bool = False) -> str:
    """Every way from an address to a person, each once: (user_id, kind, address_id).

    Parameters: day, recipients, groups, people (id lists); with `of_people` also `only`, the
    ids of the people to keep. Inactive people are in it: who is left out is a question too.
    """
    return _ROUTES.format(of_people="AND ra.user_id = ANY(%(only)s)" if of_people else "")


class RawIds(RawSQL):
    """A raw subquery of ids with named parameters, for `pk__in`."""

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        names, sql = [], self.sql
        sql = re.sub(r"%\((\w+)\)s", lambda match: names.append(match[1]) or "%s", sql)
        return f"({sql})", tuple(self.params[name] for name in names)
