"""Reminding by hand, and what the days of a notice come to, in sentences."""

from typing import Any

from django.utils.formats import date_format
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from notices.admin.act import Act
from notices.admin.phrases import people_phrase
from notices.models import Notice
from notices.services import ReminderService
from notices.services.publishing import Confirmation
from notices.services.reminding import Outstanding, Plan
from recipients.dtos import AudienceSummary


class Remind(Act):
    slug, verb, tab = "remind", "publish", "delivery"
    label, done = gettext_lazy("Remind everyone outstanding"), gettext_lazy("reminded of")
    states = frozenset({Notice.Status.PUBLISHED})

    def is_possible(self, notice: Notice) -> bool:
        return super().is_possible(notice) and not notice.is_expired and not notice.begins_later

    def question(self, notice: Notice, audience: AudienceSummary) -> list[str]:
        found = ReminderService.outstanding(notice)
        sentences = [
            _left(notice, found.people) % {"count": f"{found.people:,}", "title": notice},
            _("Each gets one reminder mail a day at most, with all that is left to do, while it is a working hour for them."),
        ]
        return sentences + _exceptions(found)

    def run(self, notice: Notice, actor: Any, data: dict[str, Any], seen: Confirmation | None = None) -> str:
        count = ReminderService.remind_outstanding(notice.pk, actor=actor, reason=data.get("reason", ""))
        return _("%(people)s will be reminded of “%(title)s”.") % {"people": people_phrase(count).capitalize(), "title": notice}


def _left(notice: Notice, people: int) -> str:
    if notice.requires_acknowledgement:
        return ngettext(
            "%(count)s person has not acknowledged “%(title)s” and is reminded of it.",
            "%(count)s people have not acknowledged “%(title)s” and are reminded of it.",
            people,
        )
    return ngettext(
        "%(count)s person has not read “%(title)s” and is reminded of it.",
        "%(count)s people have not read “%(title)s” and are reminded of it.",
        people,
    )


def _exceptions(found: Outstanding) -> list[str]:
    counted = (
        (
            found.tomorrow,
            ngettext(
                "%(count)s had today's reminder mail already: this comes on the next working day.",
                "%(count)s had today's reminder mail already: for them this comes on the next working day.",
                found.tomorrow,
            ),
        ),
        (
            found.waiting,
            ngettext(
                "%(count)s is about to be reminded of it anyway, and is left as it is.",
                "%(count)s are about to be reminded of it anyway, and are left as they are.",
                found.waiting,
            ),
        ),
        (
            found.without_mail,
            ngettext(
                "%(count)s cannot be mailed, and has it in the inbox alone.",
                "%(count)s cannot be mailed, and have it in the inbox alone.",
                found.without_mail,
            ),
        ),
    )
    return [text % {"count": f"{count:,}"} for count, text in counted if count]


def planned(notice: Notice, audience: AudienceSummary) -> list[str]:
    """What reminders it brings about, before it is published."""
    if not notice.requires_acknowledgement:
        return []
    if not notice.due_date:
        return [_("There is no day to acknowledge by, so nobody is reminded unless somebody does it by hand.")]
    plan = ReminderService.plan(notice, audience.total - audience.without_email - audience.address_fails)
    if not plan.days:
        return [_("Nobody is reminded by itself: no day for it lies ahead.")]
    days = get_text_list([date_format(day, "j F") for day in plan.days], _("and"))
    return [_("Whoever has not acknowledged is reminded on %(days)s.") % {"days": days}, _number(plan)]


def _number(plan: Plan) -> str:
    weeks = max(1, -(-plan.for_days // 7))
    told = {"at_most": f"{plan.at_most:,}", "about": f"{_rounded(plan.about or 0):,}", "weeks": weeks}
    if plan.about is None:
        text = ngettext(
            "That is up to %(at_most)s reminders within %(weeks)d week, fewer the more people acknowledge.",
            "That is up to %(at_most)s reminders over %(weeks)d weeks, fewer the more people acknowledge.",
            weeks,
        )
    else:
        text = ngettext(
            "That is about %(about)s reminders within %(weeks)d week, if people acknowledge as they did before; %(at_most)s at most.",
            "That is about %(about)s reminders over %(weeks)d weeks, if people acknowledge as they did before; %(at_most)s at most.",
            weeks,
        )
    return text % told


def _rounded(number: int) -> int:
    """To two digits: it is a guess."""
    unit = 10 ** max(0, len(str(number)) - 2)
    return round(number / unit) * unit
