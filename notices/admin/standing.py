"""How the sending of a notice stands: what its Delivery tab says beside the numbers, again and again while mails are to leave."""

from dataclasses import dataclass
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from audit.seals.epochs import why_sending_is_off
from notices.admin.mail_acts import pause_of
from notices.models import Delivery, MailServer, Notice
from notices.services.sending import servers
from notices.wording import mails_phrase, moment_phrase

OFTEN, SELDOM = 2, 10  # seconds until the page asks again: while mails leave, and while they wait for something


@dataclass(frozen=True, slots=True)
class Standing:
    """`ask_again` is in seconds; 0: nothing is to come."""

    sentence: str = ""
    problem: str = ""
    ask_again: int = 0


def standing_of(notice: Notice, left: int) -> Standing:
    """With `left` mails about it, and about its changes, that have not left."""
    if not (left and notice.is_published):
        return Standing()
    if notice.begins_later:
        leave = ngettext(
            "%(count)s mail leaves on %(day)s, the first day on show.", "%(count)s mails leave on %(day)s, the first day on show.", left
        )
        return Standing(leave % {"count": f"{left:,}", "day": date_format(notice.start_date)})
    problem = _why_none_leaves(notice, left)
    if problem:
        return Standing(problem=problem, ask_again=SELDOM)
    going = ngettext(
        "%(count)s mail is on its way. You can leave this page.", "%(count)s mails are on their way. You can leave this page.", left
    )
    return Standing(going % {"count": f"{left:,}"}, _trouble(notice), OFTEN)


def _why_none_leaves(notice: Notice, left: int) -> str:
    if pause_of(notice) is not None:
        return _("Sending is paused: %(mails)s to go.") % {"mails": mails_phrase(left)}
    why = why_sending_is_off()
    if why:
        return _("Nothing is sent until an administrator starts a new epoch, on the page Seals. %(why)s") % {"why": why}
    server = servers.away()
    return _away(server, left) if server else ""


def _away(server: MailServer, left: int) -> str:
    return _("%(mails)s to go. The mail server %(server)s has been away since %(since)s and is tried again on %(next)s. %(problem)s") % {
        "mails": mails_phrase(left),
        "server": server.address,
        "since": moment_phrase(server.away_since),
        "next": moment_phrase(server.next_try_at),
        "problem": server.problem,
    }


def _trouble(notice: Notice) -> str:
    reasons: Any = Delivery.objects.of_revision(notice).unfinished().exclude(reason="").values_list("reason", flat=True)
    return reasons.first() or ""
