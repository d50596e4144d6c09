"""What a change makes of its notice: the notice as it would be, what differs, and that in words."""

from collections.abc import Iterator
from copy import copy
from types import SimpleNamespace
from typing import Any

from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from audit.changes import readable
from audit.object_history.comparing import Comparison, SetDifference
from audit.object_history.diffs import Piece, differences, text_of, word_diff
from backoffice.richtext import sanitise
from notices.models import PINNED_FIELDS, Amendment, Attachment, Notice
from notices.pinning import digest
from notices.repositories import NoticeRepository

AROUND = 60  # characters of the text on each side of a change that is told
MOST_TOLD = 10  # changes of one text


def amended(notice: Notice, change: Amendment) -> Notice:
    """The notice as it would read, in memory alone."""
    after = copy(notice)
    for name in Amendment.TEXT:
        setattr(after, name, getattr(change, name))
    after.content = sanitise(after.content)
    return after


def attachments_after(notice: Notice, change: Amendment) -> list[tuple[str, str]]:
    """Digest and name of each file that would be attached."""
    files = list(change.files.all())
    gone = {file.takes_off for file in files}
    kept = [(a.sha256, a.name) for a in notice.attachments.all() if a.pk not in gone]
    return kept + [(file.sha256, file.name) for file in files if file.takes_off is None]


def digest_after(notice: Notice, change: Amendment) -> str:
    """What an approval of the change pins: the notice as it would be (`notices.pinning`)."""
    after = amended(notice, change)
    fields = {name: getattr(after, name) for name in PINNED_FIELDS}
    return digest(fields, attachments_after(notice, change), NoticeRepository.address_of(notice))


def comparison(notice: Notice, change: Amendment) -> Comparison:
    """What is on show against what would be."""
    fields = differences(_version(notice), _version(change), readable)
    files = list(change.files.all())
    added = tuple(file.name for file in files if file.takes_off is None)
    removed = tuple(file.name for file in files if file.takes_off is not None)
    label = capfirst(str(Attachment._meta.verbose_name_plural))
    return Comparison(tuple(fields), (SetDifference(label, added, removed, (), more=False),) if files else ())


def _version(of: Notice | Amendment) -> Any:
    """Both under the fields of a notice, as `differences` reads versions."""
    values = {name: getattr(of, name) for name in Amendment.TEXT}
    values["content"] = sanitise(values["content"])
    return SimpleNamespace(tracked_fields=[Notice._meta.get_field(name) for name in Amendment.TEXT], **values)


# -- in words, for mails --
def in_words(notice: Notice, change: Amendment) -> str:
    """What differs, a sentence a line."""
    return "\n".join(_sentences(notice, change))


def _sentences(notice: Notice, change: Amendment) -> Iterator[str]:
    if notice.title != change.title:
        yield _("The title was “%(old)s”. It is now “%(new)s”.") % {"old": notice.title, "new": change.title}
    yield from _of_the_text(notice, change)
    if notice.end_date != change.end_date:
        yield _day(_("It is on show until %(day)s."), change.end_date) or _("It is on show until it is withdrawn.")
    if notice.due_date != change.due_date:
        yield _day(_("It is to be acknowledged by %(day)s."), change.due_date) or _("There is no day to acknowledge it by any more.")
    for file in change.files.all():
        sentence = _("“%(name)s” is attached.") if file.takes_off is None else _("“%(name)s” is no longer attached.")
        yield sentence % {"name": file.name}


def _day(sentence: str, day: Any) -> str:
    return sentence % {"day": date_format(day)} if day else ""


def _of_the_text(notice: Notice, change: Amendment) -> Iterator[str]:
    field: Any = Notice._meta.get_field("content")
    old, new = (" ".join(text_of(version, field).split()) for version in (_version(notice), _version(change)))
    if old == new:
        if sanitise(notice.content) != sanitise(change.content):
            yield _("The text is formatted in another way. Its words are the same.")
        return
    told = list(_passages(word_diff(old, new)))
    for was, now in told[:MOST_TOLD]:
        yield _told(was, now)
    if (more := len(told) - MOST_TOLD) > 0:
        yield ngettext("The text differs in %(count)d more place.", "The text differs in %(count)d more places.", more) % {"count": more}


def _told(was: str, now: str) -> str:
    if not was:
        return _("New in the text: “%(now)s”.") % {"now": now}
    return _("In the text, “%(was)s” is now “%(now)s”.") % {"was": was, "now": now}


def _passages(pieces: list[Piece]) -> Iterator[tuple[str, str]]:
    """Each place where two texts differ, as it was and as it is, with some words around it."""
    number = 0
    while number < len(pieces):
        if pieces[number][0] == 0:
            number += 1
            continue
        before = _tail(pieces[number - 1][1]) if number else ""
        was = now = ""
        while number < len(pieces) and pieces[number][0] != 0:
            kind, text = pieces[number]
            was, now = (was + text, now) if kind < 0 else (was, now + text)
            number += 1
        behind = _head(pieces[number][1]) if number < len(pieces) else ""
        yield tuple(f"{before}{part}{behind}".strip() for part in (was, now))


def _tail(text: str) -> str:
    return text if len(text) <= AROUND else "… " + text[-AROUND:].partition(" ")[2]


def _head(text: str) -> str:
    return text if len(text) <= AROUND else text[:AROUND].rpartition(" ")[0] + " …"
