"""What a change does, in numbers and sentences."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from notices.admin.phrases import not_mailed, people_phrase
from notices.models import Amendment, Delivery, Notice, ReadAcknowledgment
from notices.repositories import NoticeRepository
from recipients.repositories import AudienceRepository

Kind = Amendment.Kind


@dataclass(frozen=True, slots=True)
class Standing:
    """Whom a change of a notice concerns, as things are."""

    people: int
    not_mailed: list[str]  # how many of them, in sentences
    opened: int
    acknowledged: int
    waiting: int  # mails of the publication that have not left
    asks: bool


def standing(notice: Notice) -> Standing:
    audience = AudienceRepository.summary(NoticeRepository.address_of(notice))
    done = ReadAcknowledgment.objects.filter(notice=notice, revision=notice.revision).aggregate(
        opened=Count("pk"), acknowledged=Count("pk", filter=Q(acknowledged_at__isnull=False))
    )
    waiting = Delivery.objects.of_revision(notice).to_do().count()
    return Standing(audience.total, not_mailed(notice, audience), **done, waiting=waiting, asks=notice.requires_acknowledgement)


def consequences(now: Standing) -> dict[str, list[str]]:
    """By kind of change: what it does."""
    return {
        Kind.TYPO.value: [*_stand(now), _("Nobody is told, and nothing is shown to readers but the new text.")],
        Kind.MATERIAL.value: _asked_again(now),
        Kind.TELL.value: [
            _("%(people)s told by mail what changed and why; the notice shows it too.") % {"people": _are(now.people)},
            *now.not_mailed,
            *_stand(now),
        ],
    }


def _are(count: int) -> str:
    return ngettext("%(number)s person is", "%(number)s people are", count) % {"number": _number(count)}


def _number(count: int) -> str:
    return number_format(count, force_grouping=True)


def _stand(now: Standing) -> list[str]:
    if not now.acknowledged:
        return [_("Nobody has acknowledged it yet.")] if now.asks else []
    text = ngettext(
        "%(number)s acknowledgement stands. It goes on naming the words that were confirmed.",
        "%(number)s acknowledgements stand. They go on naming the words that were confirmed.",
        now.acknowledged,
    )
    return [text % {"number": _number(now.acknowledged)}]


def _asked_again(now: Standing) -> list[str]:
    text = ngettext(
        "%(number)s person is asked again: it is unread for them, and they are owed a mail.",
        "%(number)s people are asked again: it is unread for all of them, and each is owed a mail.",
        now.people,
    )
    asked = text % {"number": _number(now.people)}
    sentences = [asked, *now.not_mailed]
    if now.acknowledged:
        text = ngettext(
            "%(number)s acknowledgement stays on record, and counts no more.",
            "%(number)s acknowledgements stay on record, and count no more.",
            now.acknowledged,
        )
        sentences.append(text % {"number": _number(now.acknowledged)})
    if now.waiting:
        text = ngettext(
            "%(number)s mail with the old text has not left, and will not.",
            "%(number)s mails with the old text have not left, and will not.",
            now.waiting,
        )
        sentences.append(text % {"number": _number(now.waiting)})
    return sentences


def stands_in_the_way(notice: Notice, change: Amendment | None) -> str:
    """Why the change cannot be made as things are, before anybody presses a button."""
    if not notice.is_published:
        if change is None:
            return _("“%(title)s” is not on show. It is changed on its Write tab.") % {"title": notice}
        return _("“%(title)s” is %(status)s. The change is kept, and can be made when the notice is published.") % {
            "title": notice,
            "status": notice.get_status_display().lower(),
        }
    if change is not None and change.base_version != notice.version:
        return _("“%(title)s” itself was changed since this was written. Save the change again to set it against what is on show now.") % {
            "title": notice
        }
    return ""


def done(act: str, notice: Notice, change: Amendment) -> str:
    if act == "hand-in":
        return _("The change waits for someone who had no part in it. Until then readers see the old text.")
    if act == "return":
        return _("The change went back to %(person)s.") % {"person": change.by}
    if act == "discard":
        return _("The change is discarded. “%(title)s” stays as it is.") % {"title": notice}
    made = _("“%(title)s” is changed.") % {"title": change.title}
    if change.kind == Kind.MATERIAL:
        return _("%(made)s %(people)s asked again.") % {"made": made, "people": _are(change.people or 0).capitalize()}
    if change.kind == Kind.TELL:
        return _("%(made)s %(people)s told by mail.") % {"made": made, "people": _are(change.people or 0).capitalize()}
    return _("%(made)s Nobody is told.") % {"made": made}


def earlier_changes(notice: Notice) -> list[Any]:
    """What became of every change before, the newest first; each with what became of its mails."""
    closed = notice.amendments.exclude(state__in=Amendment.OPEN).select_related("by", "decided_by").order_by("-number")
    counted = Delivery.objects.filter(notice=notice, kind=Delivery.Kind.CHANGE).values_list("occasion").order_by()
    mails = {number: counts for number, *counts in counted.annotate(sent=Count("pk", filter=Q(state="sent")), total=Count("pk"))}
    found = list(closed)
    for change in found:
        change.told = _told(change, mails.get(change.number))
    return found


def _told(change: Amendment, mails: list[int] | None) -> str:
    if mails is not None:
        sent, total = mails
        return _("%(sent)s of %(total)s mails sent") % {"sent": _number(sent), "total": _number(total)}
    return _("%(people)s asked again") % {"people": people_phrase(change.people)} if change.people else _("nobody")
