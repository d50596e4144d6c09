"""Who is behind an address: which entities, groups and keys a person holds, and the way back.

The SQL fragments here are the one place that knows how membership is resolved. They read it at
the moment they run, so a joiner or leaver counts at once. Each takes the day as a parameter.
"""

import re
from typing import Any

from django.db.models import Lookup, TextField
from django.db.models.expressions import RawSQL

from recipients.models import RoleAssignment

# An audience key packs an address into one bigint, so that one index serves all three kinds.
KEY_KINDS = 4
RECIPIENT, GROUP, PERSON = 0, 1, 2


def audience_key(kind: int, pk: int) -> int:
    return pk * KEY_KINDS + kind


def user_role_entity_ids(user: Any) -> list[int]:
    """Ids of the active entities that `user` belongs to today."""
    if user.pk is None:
        return []
    return list(RoleAssignment.objects.counting().filter(user=user).order_by().values_list("recipient_id", flat=True).distinct())


# Every running membership: (user_id, recipient_id). Parameters: day, day.
CURRENT_ASSIGNMENTS = """
    SELECT ra.user_id, ra.recipient_id
    FROM recipients_roleassignment ra
    JOIN recipients_recipient r ON r.id = ra.recipient_id AND r.is_active
    WHERE (ra.starts_on IS NULL OR ra.starts_on <= %(day)s) AND (ra.ends_on IS NULL OR ra.ends_on >= %(day)s)
"""

# The audience keys that one person holds, each once: (key). Parameters: day, user.
# The groups are looked up by an array, in one walk through their index instead of one per group.
KEYS_OF_PERSON = f"""
    WITH entity AS MATERIALIZED (SELECT DISTINCT recipient_id FROM ({CURRENT_ASSIGNMENTS} AND ra.user_id = %(user)s) mine)
    SELECT recipient_id * {KEY_KINDS} + {RECIPIENT} AS key FROM entity
    UNION ALL
    SELECT g.id * {KEY_KINDS} + {GROUP}
    FROM recipients_recipientgroup g
    WHERE NOT g.is_deleted AND g.id = ANY(ARRAY(
        SELECT gr.recipient_group_id FROM entity JOIN recipients_recipientgrouprecipient gr USING (recipient_id)
        UNION ALL
        SELECT ga.recipient_group_id FROM recipients_recipientgroupadditionalrecipient ga WHERE ga.user_id = %(user)s
    ))
    UNION ALL
    SELECT %(user)s::bigint * {KEY_KINDS} + {PERSON}
"""

# The same of many people: (user_id, key). Parameters: day, only (the ids of the people).
KEYS_OF_PEOPLE = f"""
    WITH entity AS MATERIALIZED (
        SELECT DISTINCT user_id, recipient_id FROM ({CURRENT_ASSIGNMENTS} AND ra.user_id = ANY(%(only)s)) theirs
    )
    SELECT user_id, recipient_id * {KEY_KINDS} + {RECIPIENT} AS key FROM entity
    UNION ALL
    SELECT member.user_id, g.id * {KEY_KINDS} + {GROUP}
    FROM (
        SELECT entity.user_id, gr.recipient_group_id FROM entity JOIN recipients_recipientgrouprecipient gr USING (recipient_id)
        UNION
        SELECT ga.user_id, ga.recipient_group_id FROM recipients_recipientgroupadditionalrecipient ga WHERE ga.user_id = ANY(%(only)s)
    ) member JOIN recipients_recipientgroup g ON g.id = member.recipient_group_id AND NOT g.is_deleted
    UNION ALL
    SELECT person, person * {KEY_KINDS} + {PERSON} FROM unnest(%(only)s::bigint[]) person
"""

_ROUTES = f"""
    SELECT ra.user_id, {RECIPIENT} AS kind, ra.recipient_id AS address_id
    FROM ({CURRENT_ASSIGNMENTS}) ra WHERE ra.recipient_id = ANY(%(recipients)s) {{of_people}}
    UNION ALL
    SELECT ra.user_id, {GROUP}, gr.recipient_group_id
    FROM recipients_recipientgrouprecipient gr
    JOIN recipients_recipientgroup g ON g.id = gr.recipient_group_id AND NOT g.is_deleted
    JOIN ({CURRENT_ASSIGNMENTS}) ra ON ra.recipient_id = gr.recipient_id
    WHERE gr.recipient_group_id = ANY(%(groups)s) {{of_people}}
    UNION ALL
    SELECT ra.user_id, {GROUP}, ra.recipient_group_id
    FROM recipients_recipientgroupadditionalrecipient ra
    JOIN recipients_recipientgroup g ON g.id = ra.recipient_group_id AND NOT g.is_deleted
    WHERE ra.recipient_group_id = ANY(%(groups)s) {{of_people}}
    UNION ALL
    SELECT ra.user_id, {PERSON}, ra.user_id
    FROM unnest(%(people)s::bigint[]) AS ra(user_id) WHERE true {{of_people}}
"""


def routes_sql(*, of_people: bool = False) -> str:
    """Every way from an address to a person: (user_id, kind, address_id). The same way may come twice.

    Parameters: day, recipients, groups, people (id lists); with `of_people` also `only`, the
    ids of the people to keep. Inactive people are in it: who is left out is a question too.

    Join people to it before grouping or counting. Its size is well estimated, that of a grouping
    of it is not ("200"), and then 200,000 people are looked up one by one.
    """
    return _ROUTES.format(of_people="AND ra.user_id = ANY(%(only)s)" if of_people else "")


_PARAMETER = re.compile(r"%\((\w+)\)s")


def raw_ids(sql: str, parameters: dict[str, Any]) -> RawSQL:
    """A raw subquery of ids with named parameters."""
    return RawSQL(_PARAMETER.sub("%s", sql), [parameters[name] for name in _PARAMETER.findall(sql)])  # noqa: S611 - values are parameters


def raw_text(sql: str, parameters: dict[str, Any]) -> RawSQL:
    """A raw expression with named parameters that gives text."""
    values = [parameters[name] for name in _PARAMETER.findall(sql)]
    return RawSQL(_PARAMETER.sub("%s", sql), values, output_field=TextField())  # noqa: S611 - values are parameters


class IsOneOf(Lookup):
    """`lhs = ANY(ARRAY(subquery))`: the rows that `IN` keeps.

    For `IN` PostgreSQL guesses how many ids are different ("200") and looks up 200,000 people one by
    one; an array is sorted once and walked beside the index.
    """

    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        lhs, lhs_params = self.process_lhs(compiler, connection)
        rhs, rhs_params = compiler.compile(self.rhs)
        return f"{lhs} = ANY(ARRAY{rhs})", (*lhs_params, *rhs_params)
