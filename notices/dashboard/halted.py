"""What does not go on by itself: notices that missed their moment, paused mails, a mail server that is away.

Never kept: whoever mends it wants to see it gone.
"""

from collections.abc import Iterable

from django.db.models import Count, Exists, F, OuterRef
from django.urls import reverse
from django.utils.translation import gettext as _

from notices.dashboard.lists import SHOWN, Link, Row, Section
from notices.dashboard.sight import Sight
from notices.models import Delivery, Notice, SendingPause
from notices.services.sending import servers
from notices.wording import mails_phrase, moment_in_both_zones, moment_phrase, pause_phrase


def halted(sight: Sight) -> Section:
    rows = [*_missed(sight), *_away(sight), *_paused(sight)]
    more = _("And %(count)d more.") % {"count": len(rows) - SHOWN} if len(rows) > SHOWN else ""
    return Section("halted", _("Halted"), tuple(rows[:SHOWN]), "", more=more)


def missed_row(notice: Notice, *, decides: bool) -> Row:
    """One that was to be published and is not. Whoever may publish it `decides`."""
    what = _("Was to be published on %(moment)s, and is not published by itself any more.") % {
        "moment": moment_in_both_zones(notice.publish_at)
    }
    ways = {"publish": _("Publish now"), "reschedule": _("Reschedule"), "cancel-schedule": _("Cancel schedule")}
    links = tuple(Link(word, reverse("admin:notices_notice_act", args=[notice.pk, slug])) for slug, word in ways.items())
    return Row(notice.title, reverse("admin:notices_notice_change", args=[notice.pk]), what, links=links if decides else ())


def _missed(sight: Sight) -> Iterable[Row]:
    """Those that others have to decide about; one's own stand under “Needs you”."""
    decided_here = sight.notices("publish").missed_publication().values("pk")
    missed = sight.notices().missed_publication().exclude(pk__in=decided_here).order_by("publish_at", "pk")
    return [missed_row(notice, decides=False) for notice in missed.only("title", "publish_at")[: SHOWN + 1]]


def _paused(sight: Sight) -> Iterable[Row]:
    seen = sight.notices().filter(status=Notice.Status.PUBLISHED)
    pauses = list(SendingPause.objects.filter(notice__in=seen.order_by().values("pk")).select_related("by", "notice").order_by("-at"))
    held = Delivery.objects.unfinished().filter(notice__in=[pause.notice_id for pause in pauses], revision=F("notice__revision"))
    numbers = dict(held.order_by().values_list("notice_id").annotate(n=Count("pk")))
    return [
        Row(
            pause.notice.title,
            _delivery_tab(pause.notice_id),
            f"{_('%(mails)s to go.') % {'mails': mails_phrase(numbers.get(pause.notice_id, 0))}} {pause_phrase(pause)}",
        )
        for pause in pauses
    ]


def _away(sight: Sight) -> Iterable[Row]:
    """It leads to a notice that waits for it, whose Delivery tab says the rest."""
    server = servers.away()
    if server is None:
        return
    waits = Delivery.objects.to_do().filter(notice=OuterRef("pk"), revision=OuterRef("revision"))
    waiting = sight.notices().published().filter(Exists(waits)).only("title").first()
    if waiting is not None:
        what = _("Away since %(since)s, tried again on %(next)s. It holds up “%(title)s”, for one. %(problem)s") % {
            "since": moment_phrase(server.away_since),
            "next": moment_phrase(server.next_try_at),
            "title": waiting,
            "problem": server.problem,
        }
        yield Row(_("Mail server %(server)s") % {"server": server.address}, _delivery_tab(waiting.pk), what)


def _delivery_tab(notice_id: int) -> str:
    return reverse("admin:notices_notice_delivery", args=[notice_id])
