"""The columns that a kind of import knows, and the file's header matched against them: loosely, and never by a guess."""

import difflib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from recipients.imports.problems import Notice, StructureProblem, shown

LIKE_ENOUGH = 0.75  # of difflib's ratio: “Emial” is meant as “E-mail”, “Notes” is not


@dataclass(frozen=True, slots=True)
class Column:
    key: str
    title: str | Promise
    aliases: tuple[str, ...] = ()
    required: bool = False

    def names(self) -> Iterator[str]:
        yield self.key
        yield str(self.title)
        yield from self.aliases


@dataclass(frozen=True, slots=True)
class ColumnSet:
    """Columns, and the sets of which at least one must be there."""

    columns: tuple[Column, ...]
    one_of: tuple[tuple[str, ...], ...] = ()

    def by_name(self) -> dict[str, Column]:
        return {folded(name): column for column in self.columns for name in column.names()}

    def column(self, key: str) -> Column:
        return next(column for column in self.columns if column.key == key)

    def titles(self, keys: Sequence[str]) -> list[str]:
        return [str(self.column(key).title) for key in keys]

    def needs(self) -> list[tuple[str, ...]]:
        return [(column.key,) for column in self.columns if column.required] + list(self.one_of)


@dataclass(frozen=True, slots=True)
class Header:
    line: int
    titles: tuple[str, ...]
    positions: dict[str, int] = field(hash=False)  # column key -> index of the cell
    notices: tuple[Notice, ...] = ()

    def title(self, key: str) -> str:
        return self.titles[self.positions[key]]


def folded(title: str) -> str:
    """A title without what people vary: case, spaces, underscores, hyphens, invisible characters, Unicode form."""
    return "".join(char for char in unicodedata.normalize("NFKC", title).casefold() if char.isalnum())


def titles_of(cells: Sequence[str]) -> tuple[str, ...]:
    return tuple(cell.strip().strip("\ufeff\u200b") for cell in cells)


def matches(cells: Sequence[str], known: ColumnSet) -> int:
    """How many of the columns these cells name, each counted once."""
    by_name = known.by_name()
    return len({by_name[name].key for name in map(folded, cells) if name in by_name})


def match_header(cells: Sequence[str], known: ColumnSet, *, line: int, mapping: Mapping[str, str] | None = None) -> Header:
    """Find the known columns among the cells of the header.

    `mapping` decides by hand, from a title in the file to the key of a column, or to "" for a column to leave out.

    Raises:
        StructureProblem: a column is missing, is there twice, or is misspelt.
    """
    titles = titles_of(cells)
    _refuse_strange_mapping(mapping or {}, titles, known, line)
    by_hand = {folded(title): key for title, key in (mapping or {}).items()}
    by_name = {name: column.key for name, column in known.by_name().items()} | by_hand
    found: dict[str, int] = {}
    unknown: list[str] = []
    for index, title in enumerate(titles):
        key = by_name.get(folded(title))
        if key in found:
            _refuse_twice(titles[found[key]], title, titles, line)
        if key:
            found[key] = index
        elif title and key is None:
            unknown.append(title)
    _refuse_missing(found, unknown, titles, known, line)
    _refuse_misspelt(found, unknown, titles, known, line)
    return Header(line, titles, found, tuple(_notices(titles, unknown)))


def _refuse_strange_mapping(mapping: Mapping[str, str], titles: Sequence[str], known: ColumnSet, line: int) -> None:
    there, keys = {folded(title) for title in titles}, {column.key for column in known.columns}
    for title, key in mapping.items():
        if folded(title) not in there or (key and key not in keys):
            message = _("The mapping from “%(title)s” to “%(column)s” does not fit this file. Choose its columns again.")
            raise StructureProblem("mapping", message % {"title": shown(title), "column": shown(key)}, line=line, titles=titles)


def _refuse_twice(first: str, second: str, titles: Sequence[str], line: int) -> None:
    if folded(first) == folded(second):
        message = _("The column “%(first)s” is there twice. Delete or rename one of the two.")
    else:
        message = _("The columns “%(first)s” and “%(second)s” mean the same. Delete or rename one of the two.")
    facts = {"first": shown(first), "second": shown(second)}
    raise StructureProblem("header", message % facts, line=line, column=second, titles=titles)


def _refuse_missing(found: Mapping[str, int], unknown: Sequence[str], titles: Sequence[str], known: ColumnSet, line: int) -> None:
    for keys in known.needs():
        if any(key in found for key in keys):
            continue
        wanted = _(" or ").join(f"“{title}”" for title in known.titles(keys))
        message = _("There is no column %(wanted)s. ") % {"wanted": wanted}
        close = _closest(unknown, [known.column(key) for key in keys])
        if close:
            message += _("Is it the one called “%(title)s”? Rename it, or map it by hand.") % {"title": shown(close)}
        else:
            there = ", ".join(f"“{shown(title)}”" for title in titles[:10] if title) or _("nothing")
            message += _("Line %(line)d, taken as the header, holds %(there)s. Add the column, or map one by hand.") % {
                "line": line,
                "there": there,
            }
        raise StructureProblem("header", message, line=line, titles=titles)


def _refuse_misspelt(found: Mapping[str, int], unknown: Sequence[str], titles: Sequence[str], known: ColumnSet, line: int) -> None:
    """A column that looks like one of ours would otherwise be left out in silence."""
    for column in known.columns:
        close = _closest(unknown, [column]) if column.key not in found else ""
        if close:
            message = _("The column “%(title)s” is not known. If you mean “%(column)s”, rename it; if not, map it by hand to nothing.")
            facts = {"title": shown(close), "column": column.title}
            raise StructureProblem("header", message % facts, line=line, column=close, suggestion=column.key, titles=titles)


def _closest(titles: Sequence[str], columns: Sequence[Column]) -> str:
    ours = [folded(name) for column in columns for name in column.names()]
    for title in titles:
        if difflib.get_close_matches(folded(title)[:80], ours, n=1, cutoff=LIKE_ENOUGH):
            return title
    return ""


def _notices(titles: Sequence[str], unknown: Sequence[str]) -> Iterator[Notice]:
    if unknown:
        names = ", ".join(f"“{shown(title)}”" for title in unknown)
        yield Notice("ignored_column", _("Not used: the columns %(names)s.") % {"names": names})
    if "" in titles:
        yield Notice("untitled_column", _("Not used: columns without a title."))
