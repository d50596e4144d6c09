"""How the seals stand, in words: for whoever looks at them, without reading a single sealed row."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from audit.models import AccessRecord, Seal
from audit.seals import anchors, epochs
from audit.seals.findings import Exit
from audit.seals.verifying import LATE, unsealed_tail
from audit.triggers import faults
from backoffice import clock

NAMED = 5  # faults of the triggers that are named one by one


@dataclass(slots=True)
class Standing:
    head: Seal | None
    unsealed: int = 0
    oldest: datetime | None = None  # of the unsealed changes
    why_off: str = ""  # empty: sealing and sending are on
    anchor: str = ""
    anchor_agrees: bool = False
    anchor_is_readable: bool = True
    problems: list[str] = field(default_factory=list)
    reservations: list[str] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        if self.problems:
            return _("Something is wrong.")
        return _("Nothing is wrong, but not all is proven.") if self.reservations else _("All is well.")


def standing() -> Standing:
    now = Standing(Seal.objects.order_by("-number").first())
    now.unsealed, now.oldest = unsealed_tail(now.head)
    _look_outside(now)
    _look_at_triggers(now)
    _look_at_tail(now)
    look_at_last_verification(now)
    return now


def _look_outside(now: Standing) -> None:
    try:
        now.why_off = epochs.why_sending_is_off()
        now.anchor_agrees, now.anchor = compare_with_anchor(now.head)
    except (OSError, ImproperlyConfigured) as error:
        now.anchor_is_readable, now.anchor = False, _("The anchor cannot be read: %(error)s") % {"error": error}
    if now.why_off:
        now.problems.append(_("Nothing is sealed and no mail is sent. %(why)s") % {"why": now.why_off})
    elif not now.anchor_is_readable or (now.head and not now.anchor_agrees):
        now.problems.append(now.anchor)


def compare_with_anchor(head: Seal | None) -> tuple[bool, str]:
    """Does what was told outside agree with the seals, and what is to be said of it?"""
    anchor = anchors.newest()
    if anchor is None:
        return False, _("There is no anchor: a cut-off end would not show.") if head else _("It is written with the first seal.")
    told = {"number": anchor.number, "epoch": epochs.position().epoch}
    seal = head if head and head.number == anchor.number else Seal.objects.filter(number=anchor.number).first()
    if seal is None and anchor.epoch < told["epoch"]:
        return True, _("It ends at seal %(number)s, which was given up when epoch %(epoch)s began.") % told
    if seal is None or head is None:
        return False, _("It does not agree: seal %(number)s stands in it and is missing in the database.") % told
    if bytes(seal.digest).hex() != anchor.digest:
        return False, _("It does not agree: its seal %(number)s is another one than in the database.") % told
    if seal.number < head.number:
        return True, _("It agrees up to seal %(number)s. The rest is added with the next seal.") % told
    return True, _("It agrees: seal %(number)s is the newest in both.") % told


def _look_at_triggers(now: Standing) -> None:
    found = faults()
    if found:
        now.problems.append(_("Changes may go unrecorded. An administrator of the server runs “manage.py migrate”, which puts this right:"))
        now.problems += found[:NAMED]
    else:
        now.facts.append(_("Every change is being recorded."))


def _look_at_tail(now: Standing) -> None:
    if now.head is None:
        now.reservations.append(_("Nothing is sealed yet. The background worker and the clock make the first seal within a minute."))
    elif not now.why_off:
        now.facts.append(_("Sealing and sending are on."))
    if not now.why_off and now.oldest is not None and clock.now() - now.oldest > LATE:
        now.problems.append(
            _("Changes wait for a seal since %(moment)s: the background worker or the clock is not running.") % {"moment": _at(now.oldest)}
        )


def look_at_last_verification(now: Standing) -> None:
    """The newest of the page and of the command; the access records know both."""
    last = AccessRecord.objects.filter(kind=AccessRecord.Kind.VERIFY, page="seals").select_related("user").order_by("-at", "-id").first()
    if last is None:
        now.reservations.append(_("Nobody has verified the seals yet."))
        return
    result, _space, seals = last.detail.partition(" ")
    first, _dash, end = seals.partition("-")
    told: dict[str, Any] = {"moment": _at(last.at), "person": last.user or _("the server"), "first": first, "last": end}
    if result == Exit.TAMPERED.name.lower():
        now.problems.append(_("The last verification, on %(moment)s by %(person)s, found that the trail was tampered with.") % told)
    elif result == Exit.INTACT.name.lower():
        sentence = _("The last verification, on %(moment)s by %(person)s, found seals %(first)s to %(last)s intact.")
        now.facts.append(sentence % told)
    else:
        now.reservations.append(_("The last verification, on %(moment)s by %(person)s, had reservations.") % told)


def _at(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "DATETIME_FORMAT")
