"""What is wrong with single cells. Whole columns are asked at once, in C; cells one by one only where a column fails."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from recipients.imports.problems import shown

# Controls (a line break too: it would show in no list), line and paragraph separators.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
CONTROL_IN_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
# Marks that turn the direction of writing: what one sees is not what is stored.
BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# Without any width. They come along from web pages and are left out; joiners are part of the spelling in names.
INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")
INVISIBLE_IN_KEYS = re.compile("[\u00ad\u034f\u180b-\u180f\u200b-\u200d\u2060-\u2064\ufe00-\ufe0f\ufeff]")

EMAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]++(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]++)*+"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+(?:[A-Za-z]{2,63}|xn--[A-Za-z0-9-]+)"
)
# The same, simpler, for a whole column. What it turns away is asked again one by one.
PLAIN_EMAILS = re.compile(
    r"(?:[A-Za-z0-9_][A-Za-z0-9_+-]{0,24}+(?:\.[A-Za-z0-9_+-]{1,18}+){0,2}+@(?:[A-Za-z0-9]++[.-])++(?<=\.)[A-Za-z]{2,63}+\n|\n)*+"
)
MOST_KNOWN = 20_000
MAILBOX = 64  # what stands before the “@” is no longer

# What a spreadsheet makes of a long number, of a thousand, of a number with decimals.
SCIENTIFIC = re.compile(r"[+-]?\d+(?:[.,]\d+)?E[+-]?\d+", re.IGNORECASE)
DECIMAL = re.compile(r"\d+[.,]0+|\d{1,3}(?:,\d{3})+|\d+(?:_\d+)+")
OTHER_DIGITS = re.compile(r"[^\D0-9]")
# UTF-8 that was once read as cp1252: “Ã©” where “é” was meant.
SPOILT = re.compile("[Â-ô][\x80-¿€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]")
FORMULA = re.compile(r"[=+\-@＝＋－＠]")
# Codes that begin with a letter, and plain numbers, are none of these. Too short to be too long for any column.
PLAIN_CODES = re.compile(r"(?:[A-Za-z][!-~]{0,31}+\n|[0-9]{1,32}+\n|\n)*+")


@dataclass(frozen=True, slots=True)
class Rule:
    """What the cells of a column must be. `check` answers with a message and a code, or None.

    With `becomes`, what is handed on is only ever what it makes of a cell that is right, or nothing.
    """

    most: int
    key: bool  # compared with what is stored, so nothing invisible may be in it
    check: Callable[[str], tuple[str, str] | None] | None = None
    few: bool = False  # the same values again and again
    plain: re.Pattern[str] | None = None  # a joined column that matches needs neither tidying nor `check`
    becomes: Callable[[str], str] | None = None
    words: Mapping[str, str | Promise] = field(default_factory=dict)  # for what is stored, as a person says it
    lines: bool = False  # may hold line breaks and tabs
    caseless: bool = False  # upper and lower case mean the same
    default: str | Promise = ""  # what an empty cell means, when rows are compared

    def in_words(self, value: str) -> str:
        return str(self.words.get(value, value))


@dataclass(frozen=True, slots=True)
class Flaw:
    index: int
    value: str
    message: str
    code: str


def clean_column(values: Sequence[str], rule: Rule, known: set[str]) -> tuple[Sequence[str], list[Flaw]]:
    """The values without outer spaces and invisible characters, and what is wrong with some of them.

    `known` are values met before that were tidy and right; it grows for columns that say the same again and again.
    """
    if rule.few and known.issuperset(values):
        return values, []
    if _is_plain(values, rule):
        if rule.few and len(known) < MOST_KNOWN:
            known.update(values)
        return values, []
    if rule.becomes:
        return _converted(values, rule, rule.becomes)
    cleaned, flaws = [], []
    for index, value in enumerate(values):
        value = _stripped(value, rule)  # noqa: PLW2901 - the same, tidied
        cleaned.append(value)
        flaw = _flaw(value, rule) if value else None
        if flaw:
            flaws.append(Flaw(index, value, *flaw))
    return cleaned, flaws


def _converted(values: Sequence[str], rule: Rule, becomes: Callable[[str], str]) -> tuple[Sequence[str], list[Flaw]]:
    """Each different value once: dates and words are few."""
    made: dict[str, str] = {}
    wrong: dict[str, tuple[str, str, str]] = {}
    for value in set(values):
        stripped = _stripped(value, rule)
        flaw = _flaw(stripped, rule) if stripped else None
        if flaw:
            wrong[value] = (stripped, *flaw)
        made[value] = "" if flaw or not stripped else becomes(stripped)
    flaws = [Flaw(index, *wrong[value]) for index, value in enumerate(values) if value in wrong] if wrong else []
    return [made[value] for value in values], flaws


def fold(values: Sequence[str]) -> list[str]:
    """How values are compared: without case and Unicode form."""
    joined = "\n".join(values)
    if joined.isascii():
        lower = joined.lower()
        if lower == joined:
            return list(values)
    else:
        lower = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", joined).casefold())
    folded = lower.split("\n")
    # A value with a line break in it is refused elsewhere; here it must not shift the others.
    return folded if len(folded) == len(values) else [fold([value.replace("\n", " ")])[0] for value in values]


def _is_plain(values: Sequence[str], rule: Rule) -> bool:
    joined = "\n".join(values) + "\n"
    if rule.plain:
        tidy = rule.plain.fullmatch(joined) is not None
    else:
        tidy = rule.check is None and "".join(values).isprintable() and joined[0] != " " and " \n" not in joined and "\n " not in joined
        tidy = tidy and (joined.isascii() or SPOILT.search(joined) is None)
    return tidy and joined.count("\n") == len(values) and (rule.plain is PLAIN_CODES or max(map(len, values)) <= rule.most)


def _stripped(value: str, rule: Rule) -> str:
    if value.isascii():
        return value.strip()
    return (INVISIBLE_IN_KEYS if rule.key else INVISIBLE).sub("", value).strip()


def _flaw(value: str, rule: Rule) -> tuple[str, str] | None:
    return next(filter(None, _flaws(value, rule)), None)


def _flaws(value: str, rule: Rule) -> Iterator[tuple[str, str] | None]:
    if not value.isprintable():  # neither of the two is
        if match := (CONTROL_IN_TEXT if rule.lines else CONTROL).search(value):
            yield _named(match[0]), "control"
        if match := BIDI.search(value):
            message = _("Holds a mark that turns the direction of writing (%(mark)s). Type it again by hand.")
            yield message % {"mark": _code(match[0])}, "bidi"
    if meant := _meant(value):
        message = _("Was read in the wrong encoding before it came here; “%(meant)s” seems to be meant. Export the file again.")
        yield message % {"meant": shown(meant)}, "spoilt"
    if len(value) > rule.most:
        facts = {"length": len(value), "most": rule.most}
        yield _("Is %(length)d characters long; at most %(most)d are possible. Shorten it.") % facts, "length"
    if rule.check:
        yield rule.check(value)


def _meant(value: str) -> str:
    """What a spoilt text was; nothing for one that is not."""
    if value.isascii() or not SPOILT.search(value):
        return ""
    try:
        return value.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return ""


def _named(char: str) -> str:
    if char in "\r\n\x0b\x0c\x85\u2028\u2029":
        return _("Holds a line break (%(mark)s). Write it on one line.") % {"mark": _code(char)}
    return _("Holds a control character (%(mark)s). Type it again by hand.") % {"mark": _code(char)}


def _code(char: str) -> str:
    return f"U+{ord(char):04X}"


def check_code(value: str) -> tuple[str, str] | None:
    """A code or number that people gave; spreadsheets like to take it for a quantity."""
    if FORMULA.match(value):
        return _("Begins like a formula. Enter the code without the first character."), "formula"
    if SCIENTIFIC.fullmatch(value):
        return _("Is a number that your spreadsheet has shortened. Format the column as text and enter the code again."), "number"
    if DECIMAL.fullmatch(value):
        return _("Looks like a quantity, not a code. Format the column as text and enter the code without separators."), "number"
    if OTHER_DIGITS.search(value):
        return _("Holds digits that only look like 0 to 9. Type them again."), "digits"
    return None


def check_email(value: str) -> tuple[str, str] | None:
    if not value.isascii():
        odd = next(char for char in value if not char.isascii())
        facts = {"char": odd, "name": unicodedata.name(odd, _code(odd)).lower()}
        return _("Holds “%(char)s” (%(name)s), which e-mail addresses here cannot. Type the address again by hand.") % facts, "homoglyph"
    if FORMULA.match(value):
        return _("Begins like a formula. Enter the address without the first character."), "formula"
    if re.search(r"[,;\s<>:]", value):
        return _("Must be one address and nothing else, such as ann@example.org. Give each person a row of their own."), "email"
    if not EMAIL.fullmatch(value):
        return _("Is not an e-mail address. It looks like ann@example.org."), "email"
    if value.rindex("@") > MAILBOX:
        return _("Has more than %(most)d characters before the “@”. Check it.") % {"most": MAILBOX}, "email"
    return None
