"""Where each app puts its checks, as Django's system checks are: one check is one function that returns findings.

The doctor carries out all of them, the card of the start page those that are cheap, and `/readyz` those without which
nothing can be served.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.utils import Error as DatabaseProblem
from django.utils.translation import gettext as _

from backoffice.health.findings import Finding, Group, in_words

PATIENCE = 20  # seconds for one statement
BEFORE_OUR_TABLES = {Group.SETUP, Group.MACHINE, Group.DATABASE}  # what their checks ask, any PostgreSQL has

type Look = Callable[[], Iterable[Finding]]
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    group: Group
    look: Look
    asks_database: bool
    on_card: bool
    is_for_ready: bool


_checks: dict[str, Check] = {}


def check(name: str, group: Group, *, asks_database: bool = True, on_card: bool = False, ready: bool = False) -> Callable[[Look], Look]:
    """Register a check. One that is `on_card` is carried out whenever an administrator opens the start page: it has to be cheap."""

    def register(look: Look) -> Look:
        _checks[name] = Check(name, group, look, asks_database, on_card, ready)
        return look

    return register


def checks() -> list[Check]:
    """In the order of their groups."""
    order = list(Group)
    return sorted(_checks.values(), key=lambda one: order.index(one.group))


def look(one: Check) -> list[Finding]:
    """What the check found. One that cannot be carried out is a finding itself, so that the others still are."""
    try:
        return _with_patience(one) if one.asks_database else list(one.look())
    except Exception as error:  # a doctor who faints helps nobody
        logger.debug("The check %s failed.", one.name, exc_info=True)
        told = {"check": one.name, "error": in_words(error)}
        return [
            Finding(_("It could not be found out whether “%(check)s” is well: %(error)s.") % told, _("Mend that first, then ask again."))
        ]


def _with_patience(one: Check) -> list[Finding]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{PATIENCE}s"])
        return list(one.look())


def look_at(chosen: Iterable[Check]) -> Iterator[tuple[Check, list[Finding] | None]]:
    """None: it was not looked at, because the database does not answer, or has not the tables yet. Other checks say so."""
    is_away: bool | None = None
    is_older = False
    for one in chosen:
        if one.asks_database and is_away is None:
            is_away = bool(why_no_answer())
        if one.asks_database and (is_away or (is_older and one.group not in BEFORE_OUR_TABLES)):
            yield one, None
            continue
        found = look(one)
        is_older = is_older or (one.name == "migrations" and bool(found))
        yield one, found


def why_no_answer() -> str:
    """What keeps the database from answering; empty if it does."""
    try:
        connection.ensure_connection()
        if not connection.in_atomic_block:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
    except DatabaseProblem as error:
        connection.close()
        return in_words(error)
    return ""
