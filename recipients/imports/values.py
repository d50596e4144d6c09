"""Cells that mean something other than their letters: yes or no, a day, a kind of recipient, a name to sign in with."""

import datetime as dt
import re
import unicodedata

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from recipients.imports.columns import folded

# As people and spreadsheets write them, in English, German and French. No other word is taken for either.
YES = ("yes", "y", "true", "1", "active", "ja", "j", "wahr", "aktiv", "oui", "vrai", "actif")
NO = ("no", "n", "false", "0", "inactive", "nein", "falsch", "inaktiv", "non", "faux", "inactif")
ACTIVE_IN_WORDS = {"true": gettext_lazy("yes"), "false": gettext_lazy("no")}
WORDS = dict.fromkeys(YES, "true") | dict.fromkeys(NO, "false")

RECIPIENT_KINDS = {
    "department": gettext_lazy("Department"),
    "site": gettext_lazy("Site"),
    "role": gettext_lazy("Role"),
    "team": gettext_lazy("Team"),
}

DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
TIME_AFTER = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d", re.ASCII)
SERIAL = re.compile(r"\d{5}(?:[.,]\d+)?", re.ASCII)  # days since 1900, as a spreadsheet counts them
EXAMPLE = "2026-11-30"

USERNAME = re.compile(r"[\w.@+-]+")
PLAIN_USERNAMES = re.compile(r"(?:[A-Za-z0-9_.@+-]{1,150}+\n|\n)*+")
LONGEST_USERNAME = 150


def check_active(value: str) -> tuple[str, str] | None:
    if _word(value) not in WORDS:
        return _("Is no word for yes or no that is known here. Write “yes” or “no”."), "boolean"
    return None


def active(value: str) -> str:
    return WORDS[_word(value)]


def _word(value: str) -> str:
    return unicodedata.normalize("NFKC", value).casefold()


def check_kind(value: str) -> tuple[str, str] | None:
    if not kind(value):
        words = ", ".join(f"“{label}”" for label in RECIPIENT_KINDS.values())
        return _("Is no kind of recipient. Write one of %(words)s.") % {"words": words}, "kind"
    return None


def kind(value: str) -> str:
    """As it is stored, from that or from its label in the language of whoever asks; nothing if it is neither."""
    meant = folded(value)
    return next((stored for stored, label in RECIPIENT_KINDS.items() if meant in {stored, folded(str(label))}), "")


def check_date(value: str) -> tuple[str, str] | None:
    if DAY.fullmatch(value):
        return None if _is_day(value) else (_("There is no such day. Write a date such as %(example)s.") % {"example": EXAMPLE}, "date")
    if SERIAL.fullmatch(value):
        message = _("Is the number that your spreadsheet keeps for a date. Format the column as text and write the date as %(example)s.")
    elif TIME_AFTER.match(value):
        message = _("Holds a time of day. Write the date alone, such as %(example)s.")
    else:
        message = _("Is not a date as it is read here: year, month and day, such as %(example)s. Write it so.")
    return message % {"example": EXAMPLE}, "date"


def _is_day(value: str) -> bool:
    try:
        dt.date.fromisoformat(value)
    except ValueError:
        return False
    return True


def as_it_is(value: str) -> str:
    return value


def check_username(value: str) -> tuple[str, str] | None:
    name = username(value)
    if odd := USERNAME.sub("", name):
        message = _("Holds “%(char)s”. A username consists of letters, digits and the characters @ . + - _ only.")
        return message % {"char": odd[0]}, "username"
    if len(name) > LONGEST_USERNAME:
        facts = {"length": len(name), "most": LONGEST_USERNAME}
        return _("Is %(length)d characters long; at most %(most)d are possible. Shorten it.") % facts, "length"
    return None


def username(value: str) -> str:
    """In the Unicode form in which accounts are kept."""
    return unicodedata.normalize("NFKC", value)
