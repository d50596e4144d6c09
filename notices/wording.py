"""Moments, numbers of mails and pauses in words, the same on every page."""

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from notices.models import SendingPause


def moment_phrase(moment: datetime | None) -> str:
    """Day and time where the reader is; a dash when there is none."""
    return date_format(localtime(moment), "j F Y, H:i") if moment else "—"


def moment_in_both_zones(moment: datetime | None) -> str:
    """The same, and where the organisation is, if it is another time there: people must not have to count hours."""
    if moment is None:
        return "—"
    here, there = localtime(moment), localtime(moment, timezone.get_default_timezone())
    if here.utcoffset() == there.utcoffset():
        return moment_phrase(moment)
    return _("%(here)s in %(zone)s (%(there)s in %(organisation)s)") % {
        "here": moment_phrase(moment),
        "zone": timezone.get_current_timezone_name(),
        "there": date_format(there, "H:i" if here.date() == there.date() else "j F Y, H:i"),
        "organisation": timezone.get_default_timezone_name(),
    }


def pause_phrase(pause: SendingPause) -> str:
    """Since when, by whom and why nothing is mailed."""
    if pause.by is None:
        return _("Sending stopped by itself on %(moment)s: %(reason)s") % {"moment": moment_phrase(pause.at), "reason": pause.reason}
    return _("Sending has been paused since %(moment)s by %(person)s: %(reason)s") % {
        "moment": moment_phrase(pause.at),
        "person": pause.by,
        "reason": pause.reason,
    }


def mails_phrase(count: int) -> str:
    return ngettext("%(count)s mail", "%(count)s mails", count) % {"count": f"{count:,}"}
