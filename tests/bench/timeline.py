"""A page of the timeline under every kind of filter: the newest 26 entries that fit, without their sentences.

The limit is the hand-written SQL for the same entries over a bare psycopg cursor (3 x is the target), after both have
been compared. `.growth` compares with scale S (100,000 rows of history against 10,000,000 at L), taken in the same run.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from statistics import median
from typing import Any

from django.db import connection
from django.utils import timezone

from audit.timeline.criteria import Criteria
from audit.timeline.queries import PER_PAGE, newest
from audit.timeline.search import MOST_FOUND, MOST_READ
from notices.models import Notice
from recipients.models import RecipientGroup
from tests.bench import trail_dataset
from tests.bench.report import Figure, MeasurementError
from tests.bench.seeding import OFFSET
from tests.bench.timing import bare_connection, in_turns, on_scale, seconds, statements

LIMIT = PER_PAGE + 1
ROUNDS = 15
PAGE = "SELECT e.* FROM audit_entry e WHERE {} ORDER BY e.at DESC, e.id DESC LIMIT 26"
# The tables whose rows belong to a notice, or to a group, and by which column.
OF_A_NOTICE = {
    "notices_historicalnotice": "id",
    "notices_historicalattachment": "notice_id",
    "notices_historicalnoticerecipient": "notice_id",
    "notices_historicalnoticerecipientgroup": "notice_id",
    "notices_historicalnoticeadditionalrecipient": "notice_id",
    "notices_historicalreadacknowledgment": "notice_id",
    "notices_historicalfavourite": "notice_id",
    "notices_historicalnoticeuserpermission": "content_object_id",
    "notices_historicalnoticerolepermission": "content_object_id",
}


@dataclass(frozen=True, slots=True)
class Case:
    criteria: Criteria
    by_hand: str
    parameters: tuple[Any, ...] = ()


def cases() -> dict[str, Case]:
    week = timezone.now() - timedelta(days=700), timezone.now() - timedelta(days=693)
    steward, reader, notice = OFFSET + 1, OFFSET + 7, OFFSET + 9
    return {
        "page": Case(Criteria(), PAGE.format("true")),
        "steward": Case(Criteria(person_id=steward), PAGE.format("e.user_id = %s"), (steward,)),
        "reader": Case(Criteria(person_id=reader), PAGE.format("e.user_id = %s"), (reader,)),
        "model": Case(Criteria(model="recipients.user"), PAGE.format("e.model = %s"), ("recipients.user",)),
        "kind": Case(Criteria(kind="~"), PAGE.format("e.kind = '~'")),
        "rare_kind": Case(Criteria(kind="-"), PAGE.format("e.kind = '-'")),
        "person_and_model": Case(
            Criteria(person_id=steward, model="recipients.user"),
            PAGE.format("e.user_id = %s AND e.model = 'recipients.user'"),
            (steward,),
        ),
        "dates": Case(Criteria(since=week[0], until=week[1]), PAGE.format("e.at >= %s AND e.at < %s"), week),
        "import": Case(
            Criteria(source="import", source_detail="import 7"), PAGE.format("e.source = 'import' AND e.source_detail = 'import 7'")
        ),
        "unattributed": Case(Criteria(source=""), PAGE.format("e.source = ''")),
        "object": Case(Criteria(thing=(Notice, notice)), _of(OF_A_NOTICE), (notice,) * len(OF_A_NOTICE)),
        "group": Case(Criteria(thing=(RecipientGroup, OFFSET + 3)), _of_a_group(), (OFFSET + 3,)),
    }


def _of(tables: dict[str, str]) -> str:
    newest_of = "(SELECT history_entry_id FROM {} WHERE {} = %s ORDER BY history_date DESC, history_id DESC LIMIT 26)"
    rows = " UNION ALL ".join(newest_of.format(table, column) for table, column in tables.items())
    return PAGE.format(f"e.id IN ({rows})")


def _of_a_group() -> str:
    """Its members came by hundreds, so the newest rows are those of one import: one looks from import to import."""
    table = "recipients_historicalrecipientgroupadditionalrecipient"
    return PAGE.format(
        f"""e.id IN (
        WITH RECURSIVE step AS (
            (SELECT history_date, history_id, history_entry_id FROM {table} WHERE recipient_group_id = %s
             ORDER BY history_date DESC, history_id DESC LIMIT 1)
            UNION ALL
            SELECT o.* FROM step JOIN audit_entry s ON s.id = step.history_entry_id, LATERAL (
                SELECT history_date, history_id, history_entry_id FROM {table}
                WHERE recipient_group_id = {OFFSET + 3} AND (history_date, history_id) < (step.history_date, s.history_first)
                ORDER BY history_date DESC, history_id DESC LIMIT 1) o)
        SELECT history_entry_id FROM step LIMIT 26)"""
    )


def benches(scale: str) -> dict[str, Callable[[], list[Figure]]]:
    names = (*cases(), "search_reason", "search_name")
    return {f"timeline.{name}": partial(_measure, scale, name) for name in names}


def _measure(scale: str, name: str) -> list[Figure]:
    if name.startswith("search"):
        return _measure_search(scale, name)
    return _measure_case(scale, name, cases()[name])


def _measure_case(scale: str, name: str, case: Case) -> list[Figure]:
    ask = partial(newest, case.criteria, limit=LIMIT)
    with bare_connection() as bare:
        by_hand = partial(_rows, bare, case)
        if [row[0] for row in by_hand()] != [entry.pk for entry in ask()]:
            raise MeasurementError(f"timeline.{name}: the hand-written SQL finds other entries")
        asked = statements(ask)  # its SQL alone: making objects of the rows is Django's
        limit, value = (taken * 1000 for taken in in_turns(by_hand, partial(_send, bare, asked), rounds=ROUNDS))
    return [Figure(f"timeline.{name}", value, "ms", limit, 3), *_growth(scale, name, ask)]


def _rows(bare: Any, case: Case) -> list[tuple]:
    return bare.execute(case.by_hand, case.parameters).fetchall()


def _send(bare: Any, asked: list[tuple[str, Any]]) -> None:
    for sql, parameters in asked:
        bare.execute(sql, parameters).fetchall()


NOTICE_NAMES = "to_tsvector('simple', coalesce(translate(h.title, '-_@./', '     '), ''))"
TOLD = """
    to_tsvector('simple', coalesce(translate(reason, '-_@./', '     '), '') || ' ' || coalesce(translate(
        CASE WHEN source IN ('form', 'inbox') THEN '' ELSE source_detail END, '-_@./', '     '), ''))
"""


# The words, and how one may look for them by hand: the last form finds all.
SEARCHES = {
    "search_reason": ("week 17", ("week & 17", "week & 17:*", "week:* & 17:*")),
    "search_name": ("asbestos forklift", ("asbestos & forklift", "asbestos & forklift:*", "asbestos:* & forklift:*")),
}


def _measure_search(scale: str, name: str) -> list[Figure]:
    """By hand one looks where one knows the words to be, in reasons and in titles of notices, and no wider than needed."""
    words, forms = SEARCHES[name]
    with bare_connection() as bare:
        titles = next(filter(partial(_fills, bare), forms), forms[-1])
    return _measure_case(scale, name, Case(Criteria(words=words), _search(forms[-1], titles)))


def _titled(titles: str) -> str:
    names = "to_tsvector('simple', coalesce(translate(h.title, '-_@./', '     '), ''))"
    return f"SELECT DISTINCT id FROM (SELECT id FROM notices_historicalnotice h WHERE {names} @@ '{titles}' LIMIT {MOST_READ}) v"


def _fills(bare: Any, titles: str) -> bool:
    return bare.execute(f"SELECT count(*) FROM ({_titled(titles)}) t").fetchone()[0] > MOST_FOUND


def _search(reasons: str, titles: str) -> str:
    told = """to_tsvector('simple', coalesce(translate(reason, '-_@./', '     '), '') || ' ' || coalesce(translate(
        CASE WHEN source IN ('form', 'inbox') THEN '' ELSE source_detail END, '-_@./', '     '), ''))"""
    rows = " UNION ALL ".join(
        f"SELECT x.history_entry_id FROM thing t, LATERAL (SELECT history_entry_id FROM {table} h WHERE h.{column} = t.id "
        f"ORDER BY history_date DESC, history_id DESC LIMIT {LIMIT}) x"
        for table, column in OF_A_NOTICE.items()
    )
    return f"""
        WITH thing AS MATERIALIZED ({_titled(titles)} ORDER BY id DESC LIMIT {MOST_FOUND}),
        told AS (
            SELECT id FROM audit_entry WHERE (reason IS NOT NULL OR source NOT IN ('form', 'inbox')) AND {told} @@ '{reasons}'
            ORDER BY at DESC, id DESC LIMIT {LIMIT})
        {PAGE.format(f"e.id IN (SELECT id FROM told UNION ALL {rows})")}"""


def _growth(scale: str, name: str, ask: Callable[[], Any]) -> list[Figure]:
    if scale == "S":
        return []
    here = _milliseconds(ask)
    with on_scale("S"):
        trail_dataset.ensure("S")
        return [Figure(f"timeline.{name}.growth", here, "ms", _milliseconds(ask), 2)]


def _milliseconds(ask: Callable[[], Any]) -> float:
    connection.ensure_connection()
    ask()
    return median(seconds(ask) for _ in range(ROUNDS)) * 1000
