"""What the history costs whoever writes: 300,000 rows inserted, and changed, in one statement each.

The limit is the same statement without our triggers and a hand-written second one that fills the history table.
"""

from collections.abc import Callable

from tests.bench.report import Figure
from tests.bench.seeding import execute
from tests.bench.timing import bare_connection, middle, seconds

ROWS = 300_000
ROUNDS = 5
TABLE, HISTORY = "recipients_recipient", "recipients_historicalrecipient"
COLUMNS = "id, created_at, modified_at, code, name, kind, email, is_active"
TOLD = "history_date, history_type, history_entry_id, history_stamp"
INSERT = f"""
    INSERT INTO {TABLE} (code, name, kind, email, is_active, created_at, modified_at)
    SELECT 'bench-' || g, 'Team number ' || g, 'team', '', true, now(), now() FROM generate_series(1, {ROWS}) g
"""
UPDATE = f"UPDATE {TABLE} SET name = name || '!' WHERE code LIKE 'bench-%'"
BY_HAND = f"""
    INSERT INTO {HISTORY} ({COLUMNS}, {TOLD})
    SELECT {COLUMNS}, now(), '{{kind}}', 1, pg_current_xact_id()::text::bigint FROM {TABLE} WHERE code LIKE 'bench-%'
"""


def benches(scale: str) -> dict[str, Callable[[], list[Figure]]]:
    return {
        "trail.insert": lambda: _measure("trail.insert", [INSERT], "+"),
        "trail.update": lambda: _measure("trail.update", [INSERT, UPDATE], "~"),
    }


def _measure(name: str, statements: list[str], kind: str) -> list[Figure]:
    """The last of `statements` is timed; the ones before it make what it needs."""
    _run(statements, None), _run(statements, kind)
    limits, values = zip(*[(_run(statements, kind), _run(statements, None)) for _ in range(ROUNDS)], strict=True)
    return [Figure(name, middle(values), "s", middle(limits), 1.2)]


def _run(statements: list[str], kind: str | None) -> float:
    """Seconds with our triggers, or with none and the history of `kind` by hand; all of it is undone."""
    with bare_connection() as bare, bare.transaction(force_rollback=True):
        if kind:
            bare.execute(f"ALTER TABLE {TABLE} DISABLE TRIGGER USER")
            bare.execute(f"ALTER TABLE {HISTORY} DISABLE TRIGGER USER")
        for statement in statements[:-1]:
            bare.execute(statement)
        taken = seconds(lambda: bare.execute(statements[-1]))
        if kind:
            taken += seconds(lambda: bare.execute(BY_HAND.format(kind=kind)))
    for table in (TABLE, HISTORY):
        execute(f"VACUUM {table}")
    return taken
