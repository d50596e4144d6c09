"""The acts on a notice: when each is offered, what it asks, and which service it calls.

One description serves the buttons on the notice, the confirmation page and the bulk actions.
"""

from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from notices.admin.act import Act
from notices.admin.approval_acts import Approve, BreakGlass, LiftApproval, Reject, ReturnToAuthor, Submit, may_go_out
from notices.admin.forms import RequiredReasonForm
from notices.admin.mail_acts import CancelMails, Pause, Resume, SendAgain, SendUnknownAgain, TakeAsArrived, pause_of
from notices.admin.phrases import people_phrase, told_by_mail
from notices.admin.reminder_acts import Remind, planned
from notices.admin.schedule_form import ScheduleForm
from notices.models import Delivery, Notice
from notices.services import NoticeService
from notices.services.publishing import Confirmation
from notices.wording import moment_in_both_zones
from recipients.dtos import AudienceSummary

Status = Notice.Status


class Publish(Act):
    slug, verb, style = "publish", "publish", "primary"
    label, done = gettext_lazy("Publish"), gettext_lazy("published")
    states = frozenset({Status.DRAFT, Status.APPROVED, Status.SCHEDULED, Status.WITHDRAWN})
    needs_audience = True

    def is_offered(self, notice: Notice, user: Any) -> bool:
        return may_go_out(notice) and super().is_offered(notice, user)

    def button(self, notice: Notice, audience: AudienceSummary) -> str:
        return _("Publish to %(people)s") % {"people": people_phrase(audience.total)}

    def question(self, notice: Notice, audience: AudienceSummary) -> list[str]:
        sentences = [_("“%(title)s” goes on show for %(people)s.") % {"title": notice, "people": people_phrase(audience.total)}]
        if notice.begins_later:
            sentences.append(
                _("It begins on %(day)s: nobody sees it before, and the mails leave then.") % {"day": date_format(notice.start_date)}
            )
        sentences += told_by_mail(notice, audience)
        if pause_of(notice):
            sentences.append(_("Sending is paused: nobody is mailed until somebody resumes it."))
        if notice.status == Status.WITHDRAWN:
            sentences.append(_("It was published before: everyone is told again, and earlier acknowledgements no longer count."))
        if notice.requires_acknowledgement and notice.due_date:
            sentences.append(_("They are asked to acknowledge it by %(day)s.") % {"day": date_format(notice.due_date)})
        elif notice.requires_acknowledgement:
            sentences.append(_("They are asked to acknowledge it."))
        return sentences + planned(notice, audience)

    def run(self, notice: Notice, actor: Any, data: dict[str, Any], seen: Confirmation | None = None) -> str:
        published = NoticeService.publish(notice.pk, actor=actor, reason=data.get("reason", ""), seen=seen)
        count = Delivery.objects.of_revision(published).count()
        return _("“%(title)s” is published to %(people)s.") % {"title": notice, "people": people_phrase(count)}


class Schedule(Publish):
    slug, style, form_class = "schedule", "plain", ScheduleForm
    label, done = gettext_lazy("Schedule…"), gettext_lazy("scheduled")
    states = frozenset({Status.DRAFT, Status.APPROVED, Status.WITHDRAWN})

    def button(self, notice: Notice, audience: AudienceSummary) -> str:
        return str(self.label)

    def question(self, notice: Notice, audience: AudienceSummary) -> list[str]:
        return [
            _("“%(title)s” will be published by itself at the moment you choose.") % {"title": notice},
            _("As things stand it reaches %(people)s; who belongs to the audience is decided then.")
            % {"people": people_phrase(audience.total)},
            *planned(notice, audience),
        ]

    def run(self, notice: Notice, actor: Any, data: dict[str, Any], seen: Confirmation | None = None) -> str:
        scheduled = NoticeService.schedule(notice.pk, data["publish_at"], actor=actor, seen=seen)
        return self.told(scheduled)

    @staticmethod
    def told(scheduled: Notice) -> str:
        moment = moment_in_both_zones(scheduled.publish_at)
        return _("“%(title)s” will be published on %(moment)s.") % {"title": scheduled, "moment": moment}


class Reschedule(Schedule):
    slug, label, done = "reschedule", gettext_lazy("Reschedule…"), gettext_lazy("rescheduled")
    states = frozenset({Status.SCHEDULED})

    def initial(self, notice: Notice) -> dict[str, Any]:
        moment = localtime(notice.publish_at)
        return {"day": moment.date(), "time": moment.time()}

    def question(self, notice: Notice, audience: AudienceSummary) -> list[str]:
        now = _("Its moment is %(moment)s.") % {"moment": moment_in_both_zones(notice.publish_at)}
        return [*super().question(notice, audience), now]

    def run(self, notice: Notice, actor: Any, data: dict[str, Any], seen: Confirmation | None = None) -> str:
        return self.told(NoticeService.reschedule(notice.pk, data["publish_at"], actor=actor, seen=seen))


class CancelSchedule(Act):
    slug, verb = "cancel-schedule", "publish"
    label, done = gettext_lazy("Cancel schedule"), gettext_lazy("taken off the schedule")
    states = frozenset({Status.SCHEDULED})

    def question(self, notice: Notice, audience: AudienceSummary) -> list[str]:
        return [_("“%(title)s” is not published then. What was approved stays approved; else it is a draft again.") % {"title": notice}]

    def run(self, notice: Notice, actor: Any, data: dict[str, Any], seen: Confirmation | None = None) -> str:
        back = NoticeService.cancel_schedule(notice.pk, actor=actor)
        return _("“%(title)s” is not scheduled any more: it is %(status)s.") % {
            "title": notice,
            "status": back.get_status_display().lower(),
        }


class Withdraw(Act):
    slug, verb, style, form_class = "withdraw", "publish", "danger", RequiredReasonForm
    label, done = gettext_lazy("Withdraw"), gettext_lazy("withdrawn")
    states = frozenset({Status.PUBLISHED})

    def question(self, notice: Notice, audience: AudienceSummary) -> list[str]:
        waiting = Delivery.objects.of_revision(notice).unfinished().count()
        sentences = [_("“%(title)s” disappears from every inbox at once.") % {"title": notice}]
        if waiting:
            text = ngettext(
                "%(count)d person was not mailed yet and will not be.", "%(count)d people were not mailed yet and will not be.", waiting
            )
            sentences.append(text % {"count": waiting})
        return [*sentences, _("Who was told and who read it stays on record.")]

    def run(self, notice: Notice, actor: Any, data: dict[str, Any], seen: Confirmation | None = None) -> str:
        NoticeService.withdraw(notice.pk, actor=actor, reason=data["reason"])
        return _("“%(title)s” is withdrawn.") % {"title": notice}


class Delete(Act):
    slug, verb, style = "trash", "delete", "danger"
    label, done = gettext_lazy("Delete"), gettext_lazy("moved to the trash")
    states = frozenset({Status.DRAFT, Status.APPROVED, Status.WITHDRAWN})

    def question(self, notice: Notice, audience: AudienceSummary) -> list[str]:
        return [_("“%(title)s” moves to the trash. You can restore it from there.") % {"title": notice}]

    def run(self, notice: Notice, actor: Any, data: dict[str, Any], seen: Confirmation | None = None) -> str:
        NoticeService.delete(notice.pk, actor=actor, reason=data.get("reason", ""))
        return _("“%(title)s” is in the trash.") % {"title": notice}


class Restore(Act):
    slug, verb, style, in_trash = "restore", "restore", "primary", True
    label, done = gettext_lazy("Restore"), gettext_lazy("restored")
    states = frozenset(Status.values)

    def question(self, notice: Notice, audience: AudienceSummary) -> list[str]:
        return [
            _("“%(title)s” comes back as what it was: %(status)s.") % {"title": notice, "status": notice.get_status_display().lower()},
            _("Nothing is sent, and nobody is told again."),
        ]

    def run(self, notice: Notice, actor: Any, data: dict[str, Any], seen: Confirmation | None = None) -> str:
        NoticeService.restore(notice.pk, actor=actor)
        return _("“%(title)s” is restored. Nothing was sent.") % {"title": notice}


class Destroy(Act):
    slug, verb, style, in_trash, form_class = "destroy", "destroy", "danger", True, RequiredReasonForm
    label, done = gettext_lazy("Destroy for good"), gettext_lazy("destroyed for good")
    states = frozenset(Status.values)

    def question(self, notice: Notice, audience: AudienceSummary) -> list[str]:
        return [_("“%(title)s”, its audience and its attachments are gone for ever. Only its history stays.") % {"title": notice}]

    def run(self, notice: Notice, actor: Any, data: dict[str, Any], seen: Confirmation | None = None) -> str:
        title = NoticeService.destroy(notice.pk, actor=actor, reason=data["reason"])
        return _("“%(title)s” is destroyed.") % {"title": title}


# In the order of their buttons.
ACTS: tuple[Act, ...] = (
    Publish(),
    Submit(),
    Restore(),
    Schedule(),
    Reschedule(),
    CancelSchedule(),
    Approve(),
    ReturnToAuthor(),
    Reject(),
    LiftApproval(),
    Remind(),
    Resume(),
    SendAgain(),
    TakeAsArrived(),
    SendUnknownAgain(),
    Pause(),
    CancelMails(),
    Withdraw(),
    BreakGlass(),
    Delete(),
    Destroy(),
)
BY_SLUG = {act.slug: act for act in ACTS}
