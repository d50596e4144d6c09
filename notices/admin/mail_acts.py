"""The acts on the mails about a published notice: pause, resume, cancel, try again, decide about those in doubt."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notices.admin.act import Act
from notices.admin.forms import RequiredReasonForm
from notices.admin.phrases import people_phrase
from notices.models import Delivery, Notice, SendingPause
from notices.services import DeliveryService
from notices.services.publishing import Confirmation
from notices.wording import mails_phrase, pause_phrase
from recipients.dtos import AudienceSummary

Status = Notice.Status
State = Delivery.State
TO_COME = (State.WAITING.value, State.RETRY.value, State.CLAIMED.value)


def mails_by_state(notice: Notice) -> dict[str, int]:
    """Counted once for all the buttons of a page."""
    if "_mails_by_state" not in notice.__dict__:
        notice.__dict__["_mails_by_state"] = Delivery.objects.of_revision(notice).open().numbers()
    return notice.__dict__["_mails_by_state"]


def pause_of(notice: Notice) -> SendingPause | None:
    """Looked up once for all that a page says about it."""
    if "_pause" not in notice.__dict__:
        notice.__dict__["_pause"] = SendingPause.objects.filter(notice=notice).select_related("by").first()
    return notice.__dict__["_pause"]


class MailAct(Act):
    """About the mails in some states, as long as there are any."""

    verb, tab = "publish", "delivery"
    states = frozenset({Status.PUBLISHED})
    about: ClassVar[tuple[str, ...]]

    def count(self, notice: Notice) -> int:
        numbers = mails_by_state(notice)
        return sum(numbers.get(state, 0) for state in self.about)

    def is_offered(self, notice: Notice, user: Any) -> bool:
        return super().is_offered(notice, user) and self.count(notice) > 0


class Pause(MailAct):
    slug, form_class, about = "pause", RequiredReasonForm, TO_COME
    label, done = gettext_lazy("Pause sending"), gettext_lazy("paused")

    def is_possible(self, notice: Notice) -> bool:
        return super().is_possible(notice) and pause_of(notice) is None

    def question(self, notice: Notice, audience: AudienceSummary) -> list[str]:
        return [
            _("“%(title)s” stays on show. %(mails)s about it that have not left wait until somebody resumes.")
            % {"title": notice, "mails": mails_phrase(self.count(notice))},
            _("The one mail that each worker is sending at this moment still leaves."),
        ]

    def run(self, notice: Notice, actor: Any, data: dict[str, Any], seen: Confirmation | None = None) -> str:
        DeliveryService.pause(notice.pk, actor=actor, reason=data["reason"])
        return _("Sending “%(title)s” is paused.") % {"title": notice}


class Resume(MailAct):
    slug, style, about = "resume", "primary", TO_COME
    label, done = gettext_lazy("Resume sending"), gettext_lazy("resumed")
    states = frozenset(Status.values)

    def is_possible(self, notice: Notice) -> bool:
        return super().is_possible(notice) and pause_of(notice) is not None

    def is_offered(self, notice: Notice, user: Any) -> bool:
        return Act.is_offered(self, notice, user)  # also when no mail waits

    def question(self, notice: Notice, audience: AudienceSummary) -> list[str]:
        pause = pause_of(notice)
        leave = _("%(mails)s about “%(title)s” go on their way.") % {"mails": mails_phrase(self.count(notice)), "title": notice}
        return [*([pause_phrase(pause)] if pause else []), leave]

    def run(self, notice: Notice, actor: Any, data: dict[str, Any], seen: Confirmation | None = None) -> str:
        count = DeliveryService.resume(notice.pk, actor=actor, reason=data.get("reason", ""))
        return _("Sending goes on: %(mails)s to go.") % {"mails": mails_phrase(count)}


class ReasonWithMailsForm(RequiredReasonForm):
    """The reason stands in the list, with each mail that it is about."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = _("Reason (shown with each of these mails)")


class OptionalReasonWithMailsForm(ReasonWithMailsForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = False


class CancelMails(MailAct):
    slug, style, form_class, about = "cancel-mails", "danger", ReasonWithMailsForm, TO_COME
    label, done = gettext_lazy("Cancel the rest"), gettext_lazy("freed of mails")

    def button(self, notice: Notice, audience: AudienceSummary) -> str:
        return _("Cancel %(mails)s") % {"mails": mails_phrase(self.count(notice))}

    def question(self, notice: Notice, audience: AudienceSummary) -> list[str]:
        sentences = [
            _("%(mails)s about “%(title)s” that have not left never will.") % {"mails": mails_phrase(self.count(notice)), "title": notice},
            _("It stays on show: these people find it in their inbox. Mails that were sent cannot be called back."),
        ]
        if mails_by_state(notice).get(State.CLAIMED):
            sentences.append(_("The one mail that each worker is sending at this moment may still arrive."))
        return sentences

    def run(self, notice: Notice, actor: Any, data: dict[str, Any], seen: Confirmation | None = None) -> str:
        count = DeliveryService.cancel(notice.pk, actor=actor, reason=data["reason"])
        return _("%(mails)s cancelled. “%(title)s” stays on show.") % {"mails": mails_phrase(count), "title": notice}


class SendAgain(MailAct):
    slug, form_class = "send-again", forms.Form
    label, done = gettext_lazy("Send again"), gettext_lazy("queued again")
    about = (State.FAILED.value,)

    def is_possible(self, notice: Notice) -> bool:
        return super().is_possible(notice) and not notice.is_expired

    def button(self, notice: Notice, audience: AudienceSummary) -> str:
        return _("Retry %(count)d failed") % {"count": self.count(notice)}

    def question(self, notice: Notice, audience: AudienceSummary) -> list[str]:
        return [_("The mail is tried once more for %(people)s whose delivery failed.") % {"people": people_phrase(self.count(notice))}]

    def run(self, notice: Notice, actor: Any, data: dict[str, Any], seen: Confirmation | None = None) -> str:
        count = DeliveryService.send_again(notice.pk, actor=actor, states=self.about)
        return _("%(people)s will be mailed again.") % {"people": people_phrase(count).capitalize()}


class SendUnknownAgain(SendAgain):
    slug, about = "send-unknown-again", (State.UNKNOWN.value,)

    def button(self, notice: Notice, audience: AudienceSummary) -> str:
        return _("Send again to %(count)d in doubt") % {"count": self.count(notice)}

    def question(self, notice: Notice, audience: AudienceSummary) -> list[str]:
        return [
            _("For %(people)s the mail may have arrived. They get it again, perhaps for the second time.")
            % {"people": people_phrase(self.count(notice))}
        ]


class TakeAsArrived(MailAct):
    slug, form_class, about = "take-as-arrived", OptionalReasonWithMailsForm, (State.UNKNOWN.value,)
    label, done = gettext_lazy("They arrived"), gettext_lazy("taken as arrived")

    def button(self, notice: Notice, audience: AudienceSummary) -> str:
        return _("Take %(count)d in doubt as arrived") % {"count": self.count(notice)}

    def question(self, notice: Notice, audience: AudienceSummary) -> list[str]:
        return [
            _("For %(people)s the mail may have arrived. They count as sent from now on, and get it no second time.")
            % {"people": people_phrase(self.count(notice))},
            _("That you decided it stands with each of these mails."),
        ]

    def run(self, notice: Notice, actor: Any, data: dict[str, Any], seen: Confirmation | None = None) -> str:
        count = DeliveryService.take_as_arrived(notice.pk, actor=actor, reason=data.get("reason", ""))
        return _("%(mails)s taken as arrived.") % {"mails": mails_phrase(count).capitalize()}
