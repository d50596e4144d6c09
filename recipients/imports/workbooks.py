"""Excel workbooks: measured before anything in them is unpacked, then read by a child process that cannot outgrow its limits."""

import json
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from recipients.imports.delimited import Batch
from recipients.imports.guarded import unguarded
from recipients.imports.limits import Limits
from recipients.imports.problems import Notice, StructureProblem, shown

CHILD = Path(__file__).with_name("workbook_child.py")
PATIENCE = 5  # its limit is of computing; it may wait for whoever takes the rows
SMALL = 1024 * 1024  # what is smaller unpacked may be packed as tightly as it likes

OTHER_ARCHIVES = (
    ("xl/workbook.bin", gettext_lazy("an Excel binary workbook (.xlsb)")),
    ("word/document.xml", gettext_lazy("a Word document")),
    ("ppt/presentation.xml", gettext_lazy("a PowerPoint presentation")),
    ("content.xml", gettext_lazy("an OpenDocument file")),
)


class Workbook:
    """The one sheet with data, or the one that is named."""

    def __init__(self, path: Path, *, sheet: str, limits: Limits) -> None:
        self.path, self.sheet, self.limits = path, sheet, limits
        self.notices: list[Notice] = []
        self.numeric: frozenset[int] = frozenset()  # columns with cells that are numbers; known once all is read
        _measure(path, limits)

    def batches(self) -> Iterator[Batch]:
        """Rows as text, with the sheet's own numbers.

        Raises:
            StructureProblem: not a workbook we read, too large when unpacked, or unclear which sheet is meant.
        """
        child = self._start()
        timer = threading.Timer(self.limits.child_seconds * PATIENCE, child.kill)
        timer.start()
        try:
            yield from self._receive(child)
        finally:
            timer.cancel()
            child.kill()
            child.communicate()

    def _start(self) -> subprocess.Popen[bytes]:
        order = {
            "path": str(self.path.resolve()),
            "sheet": self.sheet,
            "memory": self.limits.child_memory,
            "seconds": self.limits.child_seconds,
            "cell": self.limits.cell,
            "columns": self.limits.columns,
            "record": self.limits.record,
        }
        return subprocess.Popen(  # noqa: S603 - our own script, and the order is data
            [sys.executable, "-I", str(CHILD), json.dumps(order)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}
        )

    def _receive(self, child: subprocess.Popen[bytes]) -> Iterator[Batch]:
        output = child.stdout or ()
        done = False
        for line in output:
            message = json.loads(line)
            if isinstance(message, list):
                first, rows = message
                yield Batch(range(first, first + len(rows)), unguarded(rows) if b"'" in line else rows)
            elif "problem" in message:
                raise _problem(message, self.limits)
            elif "numbers" in message:
                self.numeric, done = frozenset(message["numbers"]), True
            elif message.get("hidden"):
                self.notices = [Notice("hidden", _("Some rows or columns of the sheet are hidden. They are read like the others."))]
        if not done:
            child.wait()
            raise StructureProblem("limit", _too_much())


def _measure(path: Path, limits: Limits) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError) as error:  # the last: a kind of zip that zipfile does not know
        raise StructureProblem("damaged", _damaged()) from error
    _refuse_other_archives({entry.filename for entry in entries})
    unpacked = sum(entry.file_size for entry in entries)
    dense = any(entry.file_size > max(SMALL, limits.workbook_ratio * entry.compress_size) for entry in entries)
    if len(entries) > limits.workbook_entries or unpacked > limits.workbook_bytes or dense:
        raise StructureProblem("limit", _too_much())


def _refuse_other_archives(names: set[str]) -> None:
    if "xl/workbook.xml" in names:
        return
    what = next((name for entry, name in OTHER_ARCHIVES if entry in names), _("a ZIP archive"))
    message = _("This is %(what)s, whatever its name says. Save your spreadsheet as Excel workbook (.xlsx) or CSV, not packed.")
    raise StructureProblem("type", message % {"what": what})


def _damaged() -> str:
    return _("This workbook is damaged and cannot be read. Open it in Excel, save it under a new name, and try again.")


def _too_much() -> str:
    return _(
        "This workbook unpacks to far more than its rows need, or takes too long to read. "
        "Copy the cells with your data into a new workbook, or save it as CSV."
    )


def _named(sheets: Sequence[str], hidden: Sequence[str] = ()) -> str:
    return ", ".join(f"“{shown(name)}”" + (_(" (hidden)") if name in hidden else "") for name in sheets[:20])


def _problem(message: dict[str, Any], limits: Limits) -> StructureProblem:
    names = _named(message.get("sheets", ()), message.get("hidden", ()))
    texts = {
        "damaged": _damaged(),
        "memory": _too_much(),
        "password": _("This workbook is protected by a password. Save it without one."),
        "entities": _("This workbook declares entities of its own, which no spreadsheet does. Save it anew in Excel."),
        "empty": _("This workbook is empty. Choose the file that holds your data."),
        "row": _("Row %(line)s is longer than %(most)d characters. Shorten its cells.")
        % {"line": message.get("line"), "most": limits.record},
        "columns": _("The sheet has more than %(most)d columns. Delete those that are not needed.") % {"most": limits.columns},
        "sheets": _("Several sheets hold data: %(names)s. Say which one is to be read, or delete the others.") % {"names": names},
        "no_such_sheet": _("There is no sheet of this name. The workbook has: %(names)s.") % {"names": names},
    }
    kinds = {"memory": "limit", "row": "limit", "columns": "limit", "no_such_sheet": "sheets", "password": "type"}
    code, sheets = kinds.get(message["problem"], message["problem"]), message.get("sheets", ())
    return StructureProblem(code, texts[message["problem"]], line=message.get("line"), sheets=sheets)
