"""The acts on a notice: when each is offered, what it asks, and which service it calls.

One description serves the buttons on the notice, the confirmation page and the bulk actions.
"""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from django import forms
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backoffice.admin.confirmation import ReasonForm
from backoffice.permissions import may
from notices.admin.forms import RequiredReasonForm, ScheduleForm
from notices.admin.phrases import people_phrase, told_by_mail
from notices.models import Delivery, Notice
from notices.services import DeliveryService, NoticeService
from notices.services.publishing import Confirmation
from recipients.dtos import AudienceSummary

Status = Notice.Status


NOBODY = AudienceSummary(total=0, overlapping=0, without_email=0, inactive=0)


class Act(ABC):
    """One act. Subclasses say what differs.

    `button` and `question` get the audience if the act `needs_audience`, else `NOBODY`.
    """

    slug: ClassVar[str]
    verb: ClassVar[str]
    label: ClassVar[Any]
    states: ClassVar[frozenset[str]] = frozenset()
    in_trash: ClassVar[bool] = False
    style: ClassVar[str] = "plain"  # "primary" is the next step, "danger" takes something away
    form_class: ClassVar[type[forms.Form]] = ReasonForm
    needs_audience: ClassVar[bool] = False
    done: ClassVar[Any]  # as in the result of a bulk action: "5 published"

    def is_offered(self, notice: Notice, user: Any) -> bool:
        return notice.is_deleted == self.in_trash and notice.status in self.states and may(user, self.verb, notice)

    def button(self, notice: Notice, audience: AudienceSummary) -> str:
        return str(self.label)

    @abstractmethod
    def question(self, notice: Notice, audience: AudienceSummary) -> list[str]:
        """What will happen, in sentences with numbers."""

    @abstractmethod
    def run(self, notice: Notice, actor: Any, data: dict[str, Any], seen: Confirmation | None = None) -> str:
        """Call the service and say in a sentence what happened."""


class Publish(Act):
    slug, verb, style = "publish", "publish", "primary"
    label, done = gettext_lazy("Publish"), gettext_lazy("published")
    states = frozenset({Status.DRAFT, Status.IN_REVIEW, Status.SCHEDULED, Status.WITHDRAWN})
    needs_audience = True

    def is_offered(self, notice: Notice, user: Any) -> bool:
        return not _waits_for_review(notice) and super().is_offered(notice, user)

    def button(self, notice: Notice, audience: AudienceSummary) -> str:
        return _("Publish to %(people)s") % {"people": people_phrase(audience.total)}

    def question(self, notice: Notice, audience: AudienceSummary) -> list[str]:
        sentences = [_("“%(title)s” goes on show for %(people)s.") % {"title": notice, "people": people_phrase(audience.total)}]
        if notice.begins_later:
            sentences.append(
                _("It begins on %(day)s: nobody sees it before, and the mails leave then.") % {"day": date_format(notice.start_date)}
            )
        sentences += told_by_mail(audience)
        if notice.status == Status.WITHDRAWN:
            sentences.append(_("It was published before: everyone is told again, and earlier acknowledgements no longer count."))
        if notice.requires_acknowledgement and notice.due_date:
            sentences.append(_("They are asked to acknowledge it by %(day)s.") % {"day": date_format(notice.due_date)})
        elif notice.requires_acknowledgement:
            sentences.append(_("They are asked to acknowledge it."))
        return sentences

    def run(self, notice: Notice, actor: Any, data: dict[str, Any], seen: Confirmation | None = None) -> str:
        published = NoticeService.publish(notice.pk, actor=actor, reason=data.get("reason", ""), seen=seen)
        count = Delivery.objects.of_revision(published).count()
        return _("“%(title)s” is published to %(people)s.") % {"title": notice, "people": people_phrase(count)}


class Schedule(Publish):
    slug, style, form_class = "schedule", "plain", ScheduleForm
    label, done = gettext_lazy("Schedule…"), gettext_lazy("scheduled")
    states = frozenset({Status.DRAFT, Status.IN_REVIEW, Status.WITHDRAWN})

    def button(self, notice: Notice, audience: AudienceSummary) -> str:
        return str(self.label)

    def question(self, notice: Notice, audience: AudienceSummary) -> list[str]:
        return [
            _("“%(title)s” will be published by itself at the moment you choose.") % {"title": notice},
            _("As things stand it reaches %(people)s; who belongs to the audience is decided then.")
            % {"people": people_phrase(audience.total)},
        ]

    def run(self, notice: Notice, actor: Any, data: dict[str, Any], seen: Confirmation | None = None) -> str:
        scheduled = NoticeService.schedule(notice.pk, data["publish_at"], actor=actor, seen=seen)
        moment = date_format(localtime(scheduled.publish_at), "j F Y, H:i")
        return _("“%(title)s” will be published on %(moment)s.") % {"title": notice, "moment": moment}


class CancelSchedule(Act):
    slug, verb = "cancel-schedule", "publish"
    label, done = gettext_lazy("Cancel schedule"), gettext_lazy("taken off the schedule")
    states = frozenset({Status.SCHEDULED})

    def question(self, notice: Notice, audience: AudienceSummary) -> list[str]:
        return [_("“%(title)s” goes back to draft and is not published. Nobody is told.") % {"title": notice}]

    def run(self, notice: Notice, actor: Any, data: dict[str, Any], seen: Confirmation | None = None) -> str:
        NoticeService.cancel_schedule(notice.pk, actor=actor)
        return _("“%(title)s” is a draft again.") % {"title": notice}


class Submit(Act):
    slug, verb, style = "submit", "change", "primary"
    label, done = gettext_lazy("Submit for review"), gettext_lazy("submitted")
    states = frozenset({Status.DRAFT, Status.WITHDRAWN})
    needs_audience = True

    def is_offered(self, notice: Notice, user: Any) -> bool:
        return _waits_for_review(notice) and super().is_offered(notice, user)

    def question(self, notice: Notice, audience: AudienceSummary) -> list[str]:
        return [
            _("“%(title)s” waits for someone else to publish it: notices in “%(category)s” need approval.")
            % {"title": notice, "category": notice.category},
            _("While it is in review nobody can change it."),
        ]

    def run(self, notice: Notice, actor: Any, data: dict[str, Any], seen: Confirmation | None = None) -> str:
        NoticeService.submit_for_review(notice.pk, actor=actor)
        return _("“%(title)s” is in review.") % {"title": notice}


class ReturnToAuthor(Act):
    slug, verb, form_class = "return", "publish", RequiredReasonForm
    label, done = gettext_lazy("Return to author"), gettext_lazy("returned")
    states = frozenset({Status.IN_REVIEW})

    def question(self, notice: Notice, audience: AudienceSummary) -> list[str]:
        return [_("“%(title)s” goes back to draft, with your reason, for its author to change.") % {"title": notice}]

    def run(self, notice: Notice, actor: Any, data: dict[str, Any], seen: Confirmation | None = None) -> str:
        NoticeService.return_to_author(notice.pk, actor=actor, reason=data["reason"])
        return _("“%(title)s” went back to its author.") % {"title": notice}


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
    states = frozenset({Status.DRAFT, Status.WITHDRAWN})

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


class SendAgain(Act):
    slug, verb = "send-again", "publish"
    label, done = gettext_lazy("Send again"), gettext_lazy("queued again")
    states = frozenset({Status.PUBLISHED})
    retried: ClassVar[tuple[str, ...]] = (Delivery.State.FAILED,)

    def _count(self, notice: Notice) -> int:
        return Delivery.objects.of_revision(notice).filter(state__in=self.retried).count()

    def is_offered(self, notice: Notice, user: Any) -> bool:
        return super().is_offered(notice, user) and self._count(notice) > 0

    def button(self, notice: Notice, audience: AudienceSummary) -> str:
        return _("Retry %(count)d failed") % {"count": self._count(notice)}

    def question(self, notice: Notice, audience: AudienceSummary) -> list[str]:
        return [_("The mail is tried once more for %(people)s whose delivery failed.") % {"people": people_phrase(self._count(notice))}]

    def run(self, notice: Notice, actor: Any, data: dict[str, Any], seen: Confirmation | None = None) -> str:
        count = DeliveryService.send_again(notice.pk, actor=actor, states=self.retried)
        return _("%(people)s will be mailed again.") % {"people": people_phrase(count).capitalize()}


class SendUnknownAgain(SendAgain):
    slug = "send-unknown-again"
    retried = (Delivery.State.UNKNOWN,)

    def button(self, notice: Notice, audience: AudienceSummary) -> str:
        return _("Send again to %(count)d in doubt") % {"count": self._count(notice)}

    def question(self, notice: Notice, audience: AudienceSummary) -> list[str]:
        return [
            _("For %(people)s the mail may have arrived. They get it again, perhaps for the second time.")
            % {"people": people_phrase(self._count(notice))}
        ]


# In the order of their buttons.
ACTS: tuple[Act, ...] = (
    Publish(),
    Submit(),
    Restore(),
    Schedule(),
    CancelSchedule(),
    ReturnToAuthor(),
    SendAgain(),
    SendUnknownAgain(),
    Withdraw(),
    Delete(),
    Destroy(),
)
BY_SLUG = {act.slug: act for act in ACTS}


def _waits_for_review(notice: Notice) -> bool:
    """It needs approval and nobody was asked for it yet."""
    needs_approval = notice.category is not None and notice.category.needs_approval
    return needs_approval and notice.status in {Status.DRAFT, Status.WITHDRAWN}
