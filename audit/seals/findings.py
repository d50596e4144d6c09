"""What a verification found, in words."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import IntEnum, StrEnum
from itertools import islice
from struct import unpack
from typing import Any

from django.utils.translation import gettext as _

from audit.models import SealPart
from audit.seals.formats import Sealed, history_model
from audit.seals.pieces import Content

NAMED = 5  # rows of a piece that are named one by one


class Kind(StrEnum):
    ALTERED = "altered row"
    MISSING = "missing row"
    INSERTED = "inserted row"
    REORDERED = "reordered rows"
    PERSONAL = "altered personal values"
    UNKNOWN_ROW = "altered rows"  # some of a piece, and it cannot be said which
    SEAL = "altered seal"
    SIGNATURE = "bad signature"
    CHAIN = "broken chain"
    CUT_OFF = "truncated tail"
    ROLLED_BACK = "rolled-back database"
    FORK = "another seal than anchored"
    TRIGGERS = "triggers"


class Exit(IntEnum):
    """For cron. 1 is what any command returns that could not run."""

    INTACT = 0
    TAMPERED = 2
    INCOMPLETE = 3


@dataclass(frozen=True, slots=True)
class Finding:
    kind: Kind
    sentence: str
    seal: int | None = None
    table: str = ""
    key: int | None = None


@dataclass(slots=True)
class Report:
    findings: list[Finding] = field(default_factory=list)  # what was tampered with, the first bad block first
    reservations: list[str] = field(default_factory=list)  # what could not be proven, though nothing speaks against it
    notes: list[str] = field(default_factory=list)
    first: int = 0
    last: int = 0
    rows: int = 0
    unsealed: int = 0

    @property
    def code(self) -> Exit:
        if self.findings:
            return Exit.TAMPERED
        return Exit.INCOMPLETE if self.reservations else Exit.INTACT

    @property
    def verdict(self) -> str:
        if self.findings:
            return _("The trail was tampered with.")
        if not self.last:
            return _("There is no seal yet: nothing is proven.")
        numbers = {"rows": f"{self.rows:,}", "first": self.first, "last": self.last}
        return _("%(rows)s rows in seals %(first)s to %(last)s are exactly as they were sealed.") % numbers

    @property
    def sentences(self) -> list[str]:
        return [self.verdict, *(finding.sentence for finding in self.findings), *self.reservations, *self.notes]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"result": self.code.name.lower(), "verdict": self.verdict}


def name_of(sealed: Sealed) -> str:
    model = history_model(sealed.table)
    if model is None:
        return sealed.table
    if sealed.history is None:
        return str(model._meta.verbose_name_plural)
    return _("history of %(things)s") % {"things": sealed.history.instance_type._meta.verbose_name_plural}


def row_findings(seal: int, sealed: Sealed, part: SealPart, now: Content) -> list[Finding]:
    """Which rows of a piece differ from what was sealed."""
    before, after = _rows(bytes(part.row_ids), bytes(part.prints)), _rows(now.row_ids, now.prints)
    what = name_of(sealed)

    def finding(kind: Kind, key: int, sentence: str) -> Finding:
        return Finding(kind, sentence % {"seal": seal, "key": key, "what": what}, seal, sealed.table, key)

    found = [
        finding(Kind.MISSING, key, _("Seal %(seal)s: row %(key)s is missing from %(what)s.")) for key in _some(before.keys() - after.keys())
    ]
    found += [
        finding(Kind.INSERTED, key, _("Seal %(seal)s: row %(key)s was inserted into %(what)s afterwards."))
        for key in _some(after.keys() - before.keys())
    ]
    found += [
        finding(Kind.ALTERED, key, _("Seal %(seal)s: row %(key)s of %(what)s was altered."))
        for key in _some(key for key in before.keys() & after.keys() if before[key] != after[key])
    ]
    kept, present = [key for key in before if key in after], [key for key in after if key in before]
    if kept != present:
        key = next(old for old, new in zip(kept, present, strict=True) if old != new)
        found.append(finding(Kind.REORDERED, key, _("Seal %(seal)s: the rows of %(what)s stand in another order, from row %(key)s on.")))
    if not found:
        sentence = _("Seal %(seal)s: some of %(rows)s rows of %(what)s were altered; which ones cannot be told.")
        numbers = {"seal": seal, "rows": part.rows, "what": what}
        found.append(Finding(Kind.UNKNOWN_ROW, sentence % numbers, seal, sealed.table))
    return found


def personal_findings(seal: int, sealed: Sealed, keys: Sequence[int]) -> list[Finding]:
    sentence = _("Seal %(seal)s: the personal values of row %(key)s of %(what)s are neither those that were sealed nor erased on record.")
    what = name_of(sealed)
    return [Finding(Kind.PERSONAL, sentence % {"seal": seal, "key": key, "what": what}, seal, sealed.table, key) for key in keys[:NAMED]]


def _rows(row_ids: bytes, prints: bytes) -> dict[int, bytes]:
    """The print of each row, in their order."""
    keys = unpack(f">{len(row_ids) // 8}q", row_ids[: len(row_ids) // 8 * 8])
    return {key: bytes(prints[8 * index : 8 * index + 8]) for index, key in enumerate(keys)}


def _some(keys: Any) -> list[int]:
    return list(islice(sorted(keys), NAMED))
