"""Claims: mails that one worker holds together, each sent in turn, all reported, and settled by others if it dies.

Everything is decided by the database's clock and under the claim's number (its fence): a worker that was held up for
longer than its lease can neither send nor report any more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self

import psycopg
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, connections, transaction
from django.utils.translation import gettext as _
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn

from notices.mail.outcome import Outcome
from notices.models import Claim as ClaimRow
from notices.models import OutgoingMail

# So many that what a claim itself costs does not count. Whoever stops them takes back what was not begun (`take_back`).
BATCH = 500
# Renewed before each text. Longer than handing over two mails can take (`notices.mail.dialogue.LONGEST`).
LEASE = timedelta(minutes=3)
MOST_CRASHES = 3

# Those that a worker died over are claimed one by one, so that the one that kills workers is found out.
# Materialised: asked a second time by a nested loop, it would skip what it has locked and choose others on top.
CLAIM = """
    WITH chosen AS MATERIALIZED (
        SELECT m.id FROM {table} m
        WHERE m.state IN ('waiting', 'retry') AND m.next_attempt_at <= statement_timestamp() AND {scope} AND {crashes}
        ORDER BY m.next_attempt_at, m.id LIMIT %(batch)s FOR UPDATE SKIP LOCKED
    ),
    claim AS (
        INSERT INTO notices_claim ("table", mails, claimed_at, lease_until)
        SELECT %(table)s, array_agg(id ORDER BY id), clock_timestamp(), clock_timestamp() + %(lease)s FROM chosen HAVING count(*) > 0
        RETURNING id
    )
    UPDATE {table} m
    SET state = 'claimed', fence = claim.id, attempts = m.attempts + 1, changed_at = statement_timestamp()
    FROM chosen, claim, recipients_user u
    WHERE m.id = chosen.id AND u.id = m.person_id
    RETURNING claim.id, m.id, m.person_id, m.attempts, u.first_name, u.last_name, u.username, u.email, u.is_active,
              EXISTS (SELECT FROM recipients_addressproblem p WHERE p.person_id = u.id)
"""
CRASHES = ("m.crashes = 0", "m.crashes > 0")

BEGIN = b"""
    UPDATE notices_claim SET begun = $1::int, lease_until = clock_timestamp() + make_interval(secs => $3)
    WHERE id = $2 AND lease_until > clock_timestamp() AND $1::int <= cardinality(mails)
"""
PREPARED = b"begin"

# What a worker holds and has not begun, first of the claims alone: whoever begins the next mail waits for that, and finds it gone.
HELD = """
    SELECT c.id FROM notices_claim c
    WHERE c."table" = %(table)s AND EXISTS (SELECT FROM {table} m WHERE m.id = ANY(c.mails) AND m.fence = c.id AND {scope})
    ORDER BY c.id FOR UPDATE
"""
TAKE_BACK = """
    UPDATE {table} m SET state = %(state)s, reason = %(reason)s, attempts = m.attempts - 1, changed_at = statement_timestamp()
    FROM notices_claim c
    WHERE c.id = ANY(%(held)s) AND m.fence = c.id AND m.state = 'claimed' AND m.id = ANY(c.mails[c.begun + 1:])
"""
SHORTEN = "UPDATE notices_claim SET mails = mails[:begun] WHERE id = ANY(%(held)s)"

REPORT = """
    UPDATE {table} m
    SET state = r.state, reason = r.reason, attempts = m.attempts - r.untried, changed_at = statement_timestamp(),
        next_attempt_at = statement_timestamp() + r.pause * (0.75 + random() / 2)
    FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::int[], %s::interval[]) AS r(id, state, reason, untried, pause)
    WHERE m.id = r.id AND m.state = 'claimed' AND m.fence = %s
"""

# A worker writes down how far it is without waiting for the disk, so of before a crash of the database nothing is certain.
SETTLE = """
    UPDATE {table} m
    SET changed_at = statement_timestamp(), next_attempt_at = statement_timestamp(), crashes = m.crashes + (s.position > c.begun)::int,
        state = CASE
            WHEN s.position > c.begun AND c.is_certain THEN CASE WHEN m.crashes + 1 < %(most)s THEN 'retry' ELSE 'failed' END
            WHEN s.position < c.begun AND c.is_certain THEN 'sent'
            ELSE 'unknown' END,
        reason = CASE
            WHEN s.position > c.begun AND c.is_certain THEN CASE WHEN m.crashes + 1 < %(most)s THEN %(again)s ELSE %(poison)s END
            WHEN s.position < c.begun AND c.is_certain THEN ''
            ELSE %(doubt)s END
    FROM (SELECT *, claimed_at > pg_postmaster_start_time() AS is_certain FROM notices_claim WHERE id = %(claim)s) c,
         unnest(c.mails) WITH ORDINALITY AS s(id, position)
    WHERE m.id = s.id AND m.state = 'claimed' AND m.fence = c.id
"""
ORPHANS = """
    UPDATE {table} m SET state = 'unknown', reason = %(doubt)s, changed_at = statement_timestamp()
    WHERE m.state = 'claimed' AND NOT EXISTS (SELECT FROM notices_claim c WHERE c.id = m.fence)
"""


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail that is owed to a person, in the hands of this worker."""

    id: int
    person_id: int
    attempts: int
    first_name: str
    last_name: str
    username: str
    email: str
    is_active: bool
    address_fails: bool  # mail to it comes back

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.username


@dataclass(frozen=True, slots=True)
class Claim:
    """Mails that this worker holds, in the order in which it sends them."""

    id: int
    model: type[OutgoingMail]
    mails: Sequence[Mail]


@dataclass(frozen=True, slots=True)
class Scope:
    """Which mails of a table a worker may take: a condition on `m` and its parameters."""

    model: type[OutgoingMail]
    condition: str
    parameters: dict[str, Any]


@transaction.atomic
def claim(scope: Scope, *, batch: int = BATCH) -> Claim | None:
    """Take up to `batch` mails that are due. None: there is nothing to do."""
    table = scope.model._meta.db_table
    _must_reach_the_disk()
    _in_the_order_of_an_index()
    for crashes, most in zip(CRASHES, (batch, 1), strict=True):
        with connection.cursor() as cursor:
            sql = CLAIM.format(table=table, scope=scope.condition, crashes=crashes)
            cursor.execute(sql, scope.parameters | {"table": table, "batch": most, "lease": LEASE})
            rows = sorted(cursor.fetchall(), key=lambda row: row[1])
        if rows:
            return Claim(rows[0][0], scope.model, [Mail(*row[1:]) for row in rows])
    return None


def _must_reach_the_disk() -> None:
    """Whatever the server's default: mails of a claim that a crash undid would be claimed and sent twice."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = on")


def _in_the_order_of_an_index() -> None:
    """A claim reads what it takes. Just after a publication the statistics know nothing of its mails: all of them would be sorted."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_sort = off")


class Marks:
    """A connection of its own on which a worker writes down, before each text leaves, that it does.

    It need not reach the disk at once (`SETTLE` says why). This is the one statement that is sent for each single mail,
    so it goes to libpq directly, at a third of the time.
    """

    def __enter__(self) -> Self:
        # Inside a transaction of the caller's the claim itself is not seen on another connection.
        self._own = None if connection.in_atomic_block else _connect()
        self._pgconn: PGconn = (self._own or connection.connection).pgconn
        return self

    def __exit__(self, *error: object) -> None:
        if self._own is not None:
            self._own.close()

    def begin(self, claim: Claim, position: int) -> bool:
        """Say that the text of the mail at `position` (from 1) leaves now, and renew the lease.

        False: it is not ours any more, and must not leave.

        Raises:
            OperationalError: the database is away.
        """
        values = [str(position).encode(), str(claim.id).encode(), str(LEASE.total_seconds()).encode()]
        run = self._pgconn.exec_params if self._own is None else self._pgconn.exec_prepared
        done = run(BEGIN if self._own is None else PREPARED, values)
        if done.status != ExecStatus.COMMAND_OK:
            raise OperationalError(done.error_message.decode("utf-8", "replace"))
        return done.command_tuples == 1


def _connect() -> psycopg.Connection:
    params = connections[DEFAULT_DB_ALIAS].get_connection_params() | {"context": None, "cursor_factory": None}
    own = psycopg.connect(**params, autocommit=True)
    own.execute("SET synchronous_commit = off")
    own.pgconn.prepare(PREPARED, BEGIN)
    return own


@transaction.atomic
def report(claim: Claim, outcomes: dict[Mail, Outcome], *, close: bool = False) -> None:
    """Write down what became of mails, as far as they are still ours. `close`: it was the last of this claim."""
    _must_reach_the_disk()
    if close:  # first, in the order in which `settle` takes its locks
        ClaimRow.objects.filter(pk=claim.id).delete()
    rows = [(mail.id, *outcome.as_row(mail.attempts)) for mail, outcome in outcomes.items()]
    if rows:
        with connection.cursor() as cursor:
            columns = [list(column) for column in zip(*rows, strict=True)]
            cursor.execute(REPORT.format(table=claim.model._meta.db_table), [*columns, claim.id])


@transaction.atomic
def take_back(scope: Scope, *, state: str, reason: str) -> int:
    """Take from workers what they hold and have not begun, into another state. Returns how many mails that are."""
    table = scope.model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(HELD.format(table=table, scope=scope.condition), scope.parameters | {"table": table})
        held = [pk for (pk,) in cursor.fetchall()]
        cursor.execute(TAKE_BACK.format(table=table), {"held": held, "state": state, "reason": reason})
        taken = cursor.rowcount
        cursor.execute(SHORTEN, {"held": held})
        return taken


def settle(models: Iterable[type[OutgoingMail]]) -> int:
    """Do the accounts of workers that did not. Returns how many claims had outlived their lease."""
    expired = _expired()
    for model in models:
        with connection.cursor() as cursor:
            cursor.execute(ORPHANS.format(table=model._meta.db_table), {"doubt": _doubt()})
    return sum(_settle(claim_id) for claim_id in expired)


def _expired() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM notices_claim WHERE lease_until <= clock_timestamp() ORDER BY id")
        return [pk for (pk,) in cursor.fetchall()]


@transaction.atomic
def _settle(claim_id: int) -> bool:
    with connection.cursor() as cursor:
        lock = 'SELECT "table" FROM notices_claim WHERE id = %s AND lease_until <= clock_timestamp() FOR UPDATE SKIP LOCKED'
        cursor.execute(lock, [claim_id])
        row = cursor.fetchone()
        if row is None:
            return False
        cursor.execute(SETTLE.format(table=row[0]), {"claim": claim_id, "most": MOST_CRASHES, **_reasons()})
        cursor.execute("DELETE FROM notices_claim WHERE id = %s", [claim_id])
    return True


def _doubt() -> str:
    return _("The worker stopped while sending. The mail may have arrived; send it again if in doubt.")


def _reasons() -> dict[str, str]:
    return {
        "doubt": _doubt(),
        "again": _("The worker stopped before it came to this mail. It is sent by the next one."),
        "poison": _("The worker stopped %(count)d times over this mail. Look at the log before it is sent again.")
        % {"count": MOST_CRASHES},
    }
