"""An export of a person as a ZIP: one JSON document with everything, and a CSV of each part for people to read.

Rows are read once and written as they come: a person with a million of them takes no more memory than one with ten.
"""

import csv
import io
import json
import tempfile
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import IO, Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext as _

from audit.exports.columns import guard
from audit.personal_data.parts import Part, Row, parts

IN_MEMORY = 1024 * 1024  # bytes of a CSV before it goes to a file
BYTE_ORDER_MARK = "\ufeff"  # Excel takes a file without one for an old code page


def write_archive(person: Any, file: IO[bytes], *, at: datetime) -> dict[str, int]:
    """Write everything that is held on `person` to `file`, as of now. Returns how many rows each part has."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, tempfile.TemporaryDirectory() as folder:
        tables = {part.name: tempfile.SpooledTemporaryFile(IN_MEMORY, dir=folder) for part in parts()}  # noqa: SIM115 - closed below
        try:
            counts = _write_document(archive, person, tables, at=at)
            for name, table in tables.items():
                table.seek(0)
                with archive.open(f"{name}.csv", "w") as entry:
                    while chunk := table.read(IN_MEMORY):
                        entry.write(chunk)
        finally:
            for table in tables.values():
                table.close()
        archive.writestr("READ-ME.txt", _read_me(person, counts, at=at))
    return counts


def _write_document(archive: zipfile.ZipFile, person: Any, tables: dict[str, Any], *, at: datetime) -> dict[str, int]:
    counts = {}
    with archive.open("person.json", "w", force_zip64=True) as raw, io.TextIOWrapper(raw, encoding="utf-8") as document:
        document.write(f'{{\n"person": {person.pk},\n"at": "{_moment(at)}"')
        for part in parts():
            document.write(f',\n"{part.name}": [')
            counts[part.name] = _write_part(part, person, document, tables[part.name])
            document.write("]")
        document.write("\n}\n")
    return counts


def _write_part(part: Part, person: Any, document: IO[str], raw: Any) -> int:
    table = io.TextIOWrapper(raw, encoding="utf-8", newline="")
    count = 0
    for count, row in enumerate(part.rows(person), 1):
        document.write(("\n" if count == 1 else ",\n") + json.dumps(row, cls=DjangoJSONEncoder, ensure_ascii=False))
        _write_line(table, row, first=count == 1)
    table.flush()
    table.detach()  # the caller closes what is below
    return count


def _write_line(table: IO[str], row: Row, *, first: bool) -> None:
    writer = csv.writer(table)
    if first:
        table.write(BYTE_ORDER_MARK)
        writer.writerow(row)
    writer.writerow([_cell(value) for value in row.values()])


def _cell(value: Any) -> str:
    if value is None or isinstance(value, str):
        return guard(value or "")
    if isinstance(value, datetime):
        return _moment(value)
    return guard(json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)) if isinstance(value, (dict, list)) else str(value)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _read_me(person: Any, counts: dict[str, int], *, at: datetime) -> str:
    titles = {part.name: str(part.title) for part in parts()}
    lines: Iterable[str] = (f"  {name}.csv  {titles[name]}: {count}" for name, count in counts.items())
    return "\n".join(
        [
            _("What is held on %(person)s, as of %(at)s.") % {"person": person, "at": _moment(at)},
            "",
            _("person.json holds everything. The CSV files hold the same, a table each; one without rows is empty."),
            _("Other people are named by their number only. Times are UTC."),
            "",
            *lines,
            "",
        ]
    )
