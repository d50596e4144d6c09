"""Recipients and groups, one to a row: made, or changed where the file says something else.

A file says only what its cells say: an empty one leaves things as they are. What it says, and what there is, are compared as
JSON, so that one statement does for whatever columns there are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from backoffice.permissions import may_everywhere, may_somewhere, visible
from recipients.models import Import, ImportRow, Recipient, RecipientGroup
from recipients.services.creators import grant_to_creator
from recipients.services.imports import undoing_things
from recipients.services.imports.kinds import Reading
from recipients.services.imports.sql import analyse, execute, fetch, forget_plans, sub
from recipients.services.imports.telling import tell

New, Changed, Unchanged = ImportRow.Outcome.NEW, ImportRow.Outcome.CHANGED, ImportRow.Outcome.UNCHANGED

COMPARE = """
    DROP TABLE IF EXISTS pg_temp.resolved_rows;
    CREATE TEMPORARY TABLE resolved_rows ON COMMIT DROP AS
    SELECT s.part, s.line, s."{key}" AS code, t.id, said.says, t.now,
           row_number() OVER (PARTITION BY s."{key}" ORDER BY s.part DESC, s.line) AS repeat,
           CASE WHEN t.id IS NOT NULL THEN NULL
                WHEN NOT %s THEN 'may_not_add'
                WHEN o.id IS NOT NULL THEN 'taken_code'
                WHEN n.id IS NOT NULL THEN 'near_code' END AS problem
    FROM staged_rows s
    CROSS JOIN LATERAL (SELECT jsonb_strip_nulls(jsonb_build_object({says})) AS says) said
    LEFT JOIN (SELECT id, code, jsonb_build_object({now}) AS now FROM ({seen}) v) t ON t.code = s."{key}"
    LEFT JOIN ({others}) o ON o.code = s."{key}"
    LEFT JOIN ({others}) n ON lower(n.code) = lower(s."{key}") AND n.code <> s."{key}"
    WHERE NOT EXISTS (
        SELECT FROM recipients_importproblem p WHERE p.batch_id = %s AND p.part = s.part AND p.line = s.line
    )
"""
# What the file says otherwise than it is, unless it may not be changed: then as if it had said nothing.
PLAN = """
    INSERT INTO recipients_importrow (batch_id, outcome, part, line, {planned}, before, after)
    SELECT %s, CASE WHEN r.repeat > 1 THEN 'repeated' WHEN r.id IS NULL THEN 'new'
                    WHEN d.after IS NOT NULL AND r.id IN ({changeable}) THEN 'changed' ELSE 'unchanged' END,
           r.part, r.line, r.id,
           CASE WHEN r.repeat = 1 THEN d.before END,
           CASE WHEN r.id IS NULL THEN jsonb_build_object('code', r.code) || r.says WHEN r.repeat = 1 THEN d.after END
    FROM resolved_rows r
    CROSS JOIN LATERAL (
        SELECT jsonb_object_agg(key, r.now -> key) AS before, jsonb_object_agg(key, value) AS after
        FROM jsonb_each(r.says) WHERE r.id IS NOT NULL AND value IS DISTINCT FROM r.now -> key
    ) d
    WHERE r.problem IS NULL
    ORDER BY r.code, r.repeat
"""
STALE = """
    SELECT count(*) FROM recipients_importrow r
    LEFT JOIN ({everything}) t ON t.id = r.{planned} OR (r.{planned} IS NULL AND t.code = r.after ->> 'code')
    LEFT JOIN LATERAL (SELECT jsonb_build_object({now}) AS now) n ON TRUE
    WHERE r.batch_id = %s AND (
        r.outcome = 'new' AND t.id IS NOT NULL
        OR r.outcome = 'changed' AND (t.id IS NULL OR NOT n.now @> r.before)
    )
"""
ADD = """
    INSERT INTO {table} (code, {columns}, created_at, modified_at{by})
    SELECT r.after ->> 'code', {values}, clock_timestamp(), clock_timestamp(){by_values}
    FROM recipients_importrow r WHERE r.batch_id = %(batch)s AND r.outcome = 'new' ORDER BY r.number
    RETURNING id
"""
CHANGE = """
    UPDATE {table} t SET {assignments}, modified_at = clock_timestamp(){modified_by}
    FROM recipients_importrow r WHERE r.batch_id = %(batch)s AND r.outcome = 'changed' AND t.id = r.{planned}
"""


@dataclass(frozen=True, slots=True)
class Field:
    """A column of the file and of the table. `default`, in SQL: for a new one of which the file says nothing."""

    key: str
    column: str
    type: str = "text"
    default: str = "''"


@dataclass(frozen=True, slots=True)
class Things:
    model: Any
    key: str
    planned: str
    fields: tuple[Field, ...]
    is_tracked: bool  # it says who made and who changed it last
    modes: tuple[Import.Mode, ...] = (Import.Mode.ADD, Import.Mode.UPDATE)
    compares_in_the_file: bool = True
    folded: tuple[str, ...] = ()

    def may_import(self, actor: Any) -> bool:
        return may_everywhere(actor, "add", self.model) or may_somewhere(actor, "change", self.model)

    # -- planning --
    def plan(self, reading: Reading) -> None:
        actor, batch = reading.actor, reading.batch
        names = [field.column for field in self.fields]
        seen, of_seen = sub(visible(actor, "view", self._living()).values("id", "code", *names))
        others, of_others = sub(self._living().values("id", "code"))
        changeable = visible(actor, "change", self._living()) if batch.mode == Import.Mode.UPDATE else self._living().none()
        sql = COMPARE.format(key=self.key, says=self._says(), now=self._now("v"), seen=seen, others=others)
        may_add = may_everywhere(actor, "add", self.model)
        execute(sql, [may_add, *of_seen, *of_others, *of_others, batch.pk])
        tell(reading, self._problems(), self.key)
        ids, of_ids = sub(self._living().filter(pk__in=changeable.values("pk")).values("id"))
        planned = execute(PLAN.format(planned=self.planned, changeable=ids), [batch.pk, *of_ids])
        analyse("recipients_importrow", planned)

    def _problems(self) -> dict[str, str]:
        return {
            "taken_code": _("This code cannot be used. Choose another one, or ask an administrator."),
            "near_code": _("There is one whose code differs from this only in capitals. Write it the same way."),
            "may_not_add": _("There is none with this code, and you may not add one. Check the code."),
        }

    def _says(self) -> str:
        return ", ".join(f"'{field.column}', s.\"{field.key}\"::{field.type}" for field in self.fields)

    def _now(self, alias: str) -> str:
        return ", ".join(f"'{field.column}', {alias}.{field.column}" for field in self.fields)

    def _living(self) -> QuerySet:
        return self.model.objects.all()

    # -- carrying out --
    def lock(self, batch: Import, actor: Any) -> bool:
        """What is changed, in a fixed order. Two files that make the same meet at its code."""
        asked = {"change": self._planned(batch, Changed), "delete": self._planned(batch, ImportRow.Outcome.REMOVED)}
        ids = sorted(pk for pks in asked.values() for pk in pks)
        list(self.model.objects.filter(pk__in=ids).order_by("pk").select_for_update(of=("self",)).values_list("pk"))
        if batch.rows.filter(outcome=New).exists() and not may_everywhere(actor, "add", self.model):
            return False
        return all(visible(actor, verb, self.model.objects.filter(pk__in=pks)).count() == len(pks) for verb, pks in asked.items())

    def _planned(self, batch: Import, outcome: ImportRow.Outcome) -> list[int]:
        return list(batch.rows.filter(outcome=outcome).values_list(self.planned, flat=True))

    def stale(self, batch: Import) -> int:
        columns = ("id", "code", *(field.column for field in self.fields))
        everything, parameters = sub(self._living().values(*columns))
        sql = STALE.format(everything=everything, planned=self.planned, now=self._now("t"))
        return fetch(sql, [*parameters, batch.pk])[0][0]

    def steps(self, batch: Import, actor: Any) -> Iterator[int]:
        yield from undoing_things.take_away(self.model, self.planned, batch, actor)
        yield self._add(batch, actor)
        yield self._change(batch, actor)

    def _add(self, batch: Import, actor: Any) -> int:
        columns = [field.column for field in self.fields]
        values = [f"coalesce((r.after ->> '{field.column}')::{field.type}, {field.default})" for field in self.fields]
        by = (", created_by_id, modified_by_id, is_deleted", ", %(actor)s, %(actor)s, FALSE") if self.is_tracked else ("", "")
        sql = ADD.format(table=self.model._meta.db_table, columns=", ".join(columns), values=", ".join(values), by=by[0], by_values=by[1])
        made = [pk for (pk,) in fetch(sql, {"batch": batch.pk, "actor": actor.pk})]
        if any(not may_everywhere(actor, verb, self.model) for verb in self.model.creator_may):
            for thing in self.model.objects.filter(pk__in=made).order_by("pk"):
                grant_to_creator(thing, actor=actor)
        return len(made)

    def _change(self, batch: Import, actor: Any) -> int:
        forget_plans()
        parts = [f"{f.column} = coalesce((r.after ->> '{f.column}')::{f.type}, t.{f.column})" for f in self.fields]
        by = ", modified_by_id = %(actor)s" if self.is_tracked else ""
        sql = CHANGE.format(table=self.model._meta.db_table, assignments=", ".join(parts), modified_by=by, planned=self.planned)
        return execute(sql, {"batch": batch.pk, "actor": actor.pk})

    # -- taking back --
    def plan_reverse(self, batch: Import) -> int:
        return undoing_things.plan_reverse(self.model, self.planned, [field.column for field in self.fields], batch)

    def reverse_numbers(self, batch: Import) -> dict[str, int]:
        return undoing_things.numbers(self.model, [field.column for field in self.fields], batch)

    def left_rows(self, batch: Import, *, most: int, after: int = 0) -> list[dict[str, Any]]:
        columns = [field.column for field in self.fields]
        return undoing_things.left_rows(self.model, self.planned, columns, batch, most=most, after=after)


RECIPIENTS = Things(
    model=Recipient,
    key="recipient",
    planned="recipient_id",
    fields=(
        Field("name", "name"),
        Field("kind", "kind", default="'department'"),
        Field("email", "email"),
        Field("active", "is_active", "boolean", "TRUE"),
    ),
    is_tracked=False,
)
GROUPS = Things(
    model=RecipientGroup,
    key="group",
    planned="group_id",
    fields=(Field("group_name", "name"), Field("description", "description")),
    is_tracked=True,
)
