"""Recomputing what was sealed, and comparing it with what is there and with what was told outside."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.db import connection
from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from audit.models import AccessRecord, Epoch, Seal, SealFormat, SealPart
from audit.seals import anchors, epochs, findings, keys, pieces
from audit.seals.anchors import Anchor
from audit.seals.findings import Finding, Kind, Report
from audit.seals.formats import Sealed, format_now, is_known, sealed_tables
from audit.seals.sealing import digest, part_bytes
from audit.triggers import faults
from backoffice import clock

LATE = timedelta(minutes=10)  # rows that are unsealed for longer are a reservation
ENOUGH = 20  # findings, after which no more are looked for

type Progress = Callable[[int, int], None]  # rows that were read, and rows there are


@dataclass(frozen=True, slots=True)
class Job:
    """A piece to read, and the part it is compared with; None: it has to be empty."""

    seal: int
    piece: pieces.Piece
    part: SealPart | None
    columns: tuple[str, ...]


def verify(
    *, first: int | None = None, last: int | None = None, since: datetime | None = None, actor: Any = None, progress: Progress | None = None
) -> Report:
    """Verify all seals, or a range of them, and leave an access record that says so."""
    if since is not None:
        first = Seal.objects.filter(sealed_at__gte=since).order_by("number").values_list("number", flat=True).first() or first
    report = _Verification(first, last, progress or (lambda _done, _of: None)).run()
    detail = f"{report.code.name.lower()} {report.first}-{report.last}"
    AccessRecord.objects.create(user=actor, kind=AccessRecord.Kind.VERIFY, page="seals", detail=detail, rows=report.rows)
    return report


class _Verification:
    def __init__(self, first: int | None, last: int | None, progress: Progress) -> None:
        self.first, self.last, self.progress = first, last, progress
        self.seals = Seal.objects.order_by("number")
        if first is not None:
            self.seals = self.seals.filter(number__gte=first)
        if last is not None:
            self.seals = self.seals.filter(number__lte=last)
        self.report = Report()
        self.reached: dict[str, int] = {}  # of each table: the stamp up to which it has been read
        self.formats = {kept.pk: kept for kept in SealFormat.objects.all()}
        self.readable = {pk: is_known(kept) for pk, kept in self.formats.items()}
        self.beginning = 0
        self.end = 0

    def run(self) -> Report:
        report = self.report
        report.findings += [Finding(Kind.TRIGGERS, fault) for fault in faults()]
        expected = self.seals.aggregate(rows=Sum("rows"))["rows"] or 0
        for job, content in pieces.in_parallel(self._read, self._jobs()):
            self._compare(job, content)
            report.rows += content.rows
            self.progress(report.rows, expected)
            if len(report.findings) >= ENOUGH:
                report.notes.append(_("There is more; the search ended here."))
                break
        else:
            if self.last is None:
                self._tail()
        report.findings.sort(key=lambda finding: finding.seal if finding.seal is not None else 0)
        return report

    # -- the chain --

    def _jobs(self) -> Iterator[Job]:
        told = _Outside(self.report, self.first or 0)
        previous = Seal.objects.filter(number__lt=self.first).order_by("-number").first() if self.first else None
        for seal in self.seals.iterator(chunk_size=500):
            if not self.report.first:
                self.report.first, self.beginning = seal.number, seal.from_stamp
            contents = sha256()
            for part in self._parts(seal):
                contents.update(part_bytes(part))
                yield from self._jobs_of(seal, part)
            told.compare(seal, previous)
            self._check(seal, previous, contents.digest())
            self.report.last, self.end, previous = seal.number, seal.to_stamp, seal
        yield from self._behind_the_last_piece()
        if self.last is None:
            told.compare_rest(previous)

    def _parts(self, seal: Seal) -> Iterator[SealPart]:
        for part in SealPart.objects.filter(seal=seal).order_by("piece").defer("row_ids", "prints").iterator(chunk_size=500):
            part.format = self.formats[part.format_id]
            yield part

    def _check(self, seal: Seal, previous: Seal | None, contents: bytes) -> None:
        number = {"number": seal.number}
        if digest(seal, contents) != bytes(seal.digest):
            self._found(Kind.SEAL, _("Seal %(number)s itself was altered.") % number, seal.number)
        elif not keys.is_signed(bytes(seal.digest), bytes(seal.signature), seal.key_id):
            self._found(Kind.SIGNATURE, _("Seal %(number)s is not signed by a key that we trust.") % number, seal.number)
        before = (previous.number, bytes(previous.digest), previous.to_stamp) if previous else (0, b"", 0)
        follows = seal.number == before[0] + 1 or _begins_epoch(seal, previous)
        if not follows or (bytes(seal.previous), seal.from_stamp) != before[1:]:
            sentence = _("Seal %(number)s does not follow from seal %(before)s: seals between them are missing or were replaced.")
            self._found(Kind.CHAIN, sentence % {"number": seal.number, "before": before[0]}, seal.number)

    # -- the rows --

    def _jobs_of(self, seal: Seal, part: SealPart) -> Iterator[Job]:
        kept = part.format
        if not self.readable[kept.pk]:
            sentence = _("Seal %(number)s: rows of %(table)s cannot be read as they were; columns or the table are gone.")
            self._reserve(sentence % {"number": seal.number, "table": kept.table})
            return
        # From where the piece before ended: what was slipped in between belongs to no piece.
        start = min(self.reached.get(kept.table, self.beginning), part.from_stamp)
        piece, columns = pieces.Piece(kept.table, start, part.to_stamp, part.after_id, part.until_id), tuple(kept.columns)
        if part.after_id is not None or part.until_id is not None:
            if start < part.from_stamp:
                yield Job(seal.number, pieces.Piece(kept.table, start, part.from_stamp), None, columns)
            piece = pieces.Piece(kept.table, part.from_stamp, part.to_stamp, part.after_id, part.until_id)
        self.reached[kept.table] = part.to_stamp
        yield Job(seal.number, piece, part, columns)

    def _behind_the_last_piece(self) -> Iterator[Job]:
        for sealed in sealed_tables().values():
            start = self.reached.get(sealed.table, self.beginning)
            if start < self.end:
                yield Job(self.report.last, pieces.Piece(sealed.table, start, self.end), None, tuple(format_now(sealed).columns))

    def _read(self, job: Job) -> pieces.Content:
        return pieces.read(job.piece, sealed_tables()[job.piece.table], job.columns, prints=job.part is None)

    def _compare(self, job: Job, now: pieces.Content) -> None:
        sealed = sealed_tables()[job.piece.table]
        part = job.part or SealPart(rows=0, digest=b"", row_ids=b"", prints=b"")
        if (now.rows, now.digest) != (part.rows, bytes(part.digest)):
            if job.part is not None:
                part.refresh_from_db(fields=["row_ids", "prints"])
                now = pieces.read(job.piece, sealed, job.columns, prints=True)
            self.report.findings += findings.row_findings(self._seal_of(job, sealed, part, now), sealed, part, now)
        elif now.personal_faults:
            self.report.findings += findings.personal_findings(job.seal, sealed, now.personal_faults)

    def _seal_of(self, job: Job, sealed: Sealed, part: SealPart, now: pieces.Content) -> int:
        """A row that was slipped in before the piece belongs to the seal of its own stamp."""
        if job.part is not None and (job.piece.from_stamp == part.from_stamp or now.rows <= part.rows):
            return job.seal
        with connection.cursor() as cursor:
            cursor.execute(
                f'SELECT min(history_stamp) FROM "{sealed.table}" WHERE history_stamp >= %s AND history_stamp < %s',
                [job.piece.from_stamp, part.from_stamp if job.part else job.piece.to_stamp],
            )
            (stamp,) = cursor.fetchone()
        if stamp is None:
            return job.seal
        return Seal.objects.filter(from_stamp__lte=stamp, to_stamp__gt=stamp).values_list("number", flat=True).first() or job.seal

    # -- what no seal covers --

    def _tail(self) -> None:
        head = Seal.objects.order_by("-number").first()
        if head is None:
            self._reserve(_("Nothing is sealed yet. The background worker and the clock make the first seal within a minute."))
        self.report.unsealed, oldest = unsealed_tail(head)
        if self.report.unsealed:
            sentence = ngettext(
                "%(count)s row is younger than the last seal and not protected yet.",
                "%(count)s rows are younger than the last seal and not protected yet.",
                self.report.unsealed,
            )
            self.report.notes.append(sentence % {"count": f"{self.report.unsealed:,}"})
        if oldest is not None and clock.now() - oldest > LATE:
            self._reserve(
                _("The oldest of them waits since %(moment)s: sealing does not run.") % {"moment": f"{oldest:%Y-%m-%d %H:%M} UTC"}
            )
        if (why := epochs.why_sending_is_off()) and not self.report.findings:
            self._found(Kind.ROLLED_BACK, why, head.number if head else 0)

    def _found(self, kind: Kind, sentence: str, seal: int) -> None:
        self.report.findings.append(Finding(kind, sentence, seal))

    def _reserve(self, sentence: str) -> None:
        if sentence not in self.report.reservations:
            self.report.reservations.append(sentence)


class _Outside:
    """The anchors, read along with the seals."""

    def __init__(self, report: Report, first: int) -> None:
        self.report, self.first = report, first
        self.lines = anchors.all_of_them()
        self.waiting: Anchor | None = None
        self.newest = 0
        self.missing: list[int] = []

    def _next(self) -> Anchor | None:
        if self.waiting is None:
            for anchor in self.lines:
                if anchor is not None and anchor.number >= self.first:
                    self.waiting = anchor
                    self.newest = max(self.newest, anchor.number)
                    break
        return self.waiting

    def compare(self, seal: Seal, previous: Seal | None) -> None:
        """Go on to the anchor of this seal; those that are passed over have no seal."""
        given_up = []
        while (anchor := self._next()) is not None and anchor.number < seal.number:
            given_up.append(anchor.number)
            self.waiting = None
        if given_up and _begins_epoch(seal, previous):
            self._explain(seal, given_up)
        elif given_up:
            self._missing(given_up, Kind.CHAIN)
        if anchor is not None and anchor.number == seal.number:
            self.waiting = None
            if anchor.digest != bytes(seal.digest).hex():
                sentence = _("Seal %(number)s is another one than was anchored outside the database.") % {"number": seal.number}
                self.report.findings.append(Finding(Kind.FORK, sentence, seal.number))

    def compare_rest(self, head: Seal | None) -> None:
        rest = []
        while (anchor := self._next()) is not None:
            rest.append(anchor)
            self.waiting = None
        if rest:
            now = epochs.position()
            behind = now.horizon < rest[-1].to_stamp or now.system_identifier != rest[-1].system_identifier
            self._missing([anchor.number for anchor in rest], Kind.ROLLED_BACK if behind else Kind.CUT_OFF)
        if head is not None and not self.newest:
            self.report.reservations.append(_("There is no anchor outside the database, so a cut-off end would not show."))

    def _missing(self, numbers: list[int], kind: Kind) -> None:
        cause = {
            Kind.ROLLED_BACK: _("an older copy of the database was restored"),
            Kind.CUT_OFF: _("the end of the trail was cut off, or an older copy of the database was restored"),
        }.get(kind, _("they were removed"))
        sentence = _("Seals %(first)s to %(last)s were anchored outside the database and are missing in it: %(cause)s.")
        told = {"first": numbers[0], "last": numbers[-1], "cause": cause}
        self.report.findings.append(Finding(kind, sentence % told, numbers[0]))

    def _explain(self, seal: Seal, numbers: list[int]) -> None:
        reason = Epoch.objects.filter(number=seal.epoch).values_list("reason", flat=True).first() or "—"
        sentence = _("Seals %(first)s to %(last)s were given up when epoch %(epoch)s began: %(reason)s")
        self.report.notes.append(sentence % {"first": numbers[0], "last": numbers[-1], "epoch": seal.epoch, "reason": reason})


def _begins_epoch(seal: Seal, previous: Seal | None) -> bool:
    return seal.epoch > (previous.epoch if previous else 0)


def unsealed_tail(head: Seal | None) -> tuple[int, datetime | None]:
    """How many rows no seal covers, and since when the oldest of those of the timeline waits."""
    start = head.to_stamp if head else 0
    count = " + ".join(f'(SELECT count(*) FROM "{table}" WHERE history_stamp >= %(start)s)' for table in sealed_tables())
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {count}, (SELECT min(at) FROM audit_entry WHERE history_stamp >= %(start)s)", {"start": start})
        return cursor.fetchone()
