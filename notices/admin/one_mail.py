"""What is decided about the mail to one person, asked from its line on the Delivery tab: GET asks, POST does it."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.admin.confirmation import ask
from backoffice.permissions import may
from notices.admin.mail_acts import OptionalReasonWithMailsForm
from notices.admin.told import declined, sees_people
from notices.exceptions import NoticeError
from notices.models import Delivery, Notice
from notices.presentation import address_of_mails
from notices.services import DeliveryService, ReminderService
from notices.services.steering import SENT_AGAIN_TO_ONE

State = Delivery.State


class Decision(ABC):
    """Subclasses say in which states of the mail it is open, what it asks and which service it calls."""

    slug: ClassVar[str]
    label: ClassVar[Any]
    states: ClassVar[tuple[str, ...]]
    form_class: ClassVar[type[forms.Form]] = forms.Form
    tab: ClassVar[str] = "delivery"  # where it is asked from, and leads back to

    def is_open(self, mail: Delivery) -> bool:
        return mail.state in self.states

    @abstractmethod
    def question(self, mail: Delivery) -> list[str]:
        """What will happen, in sentences."""

    @abstractmethod
    def run(self, mail: Delivery, actor: Any, data: dict[str, Any]) -> str:
        """Call the service and say in a sentence what happened."""


class Arrived(Decision):
    slug, label, states, form_class = "arrived", gettext_lazy("It arrived"), (State.UNKNOWN,), OptionalReasonWithMailsForm

    def question(self, mail: Delivery) -> list[str]:
        return [
            _("The mail to %(person)s may have arrived. It counts as sent from now on; that you decided it stands with it.")
            % {"person": mail.person}
        ]

    def run(self, mail: Delivery, actor: Any, data: dict[str, Any]) -> str:
        DeliveryService.take_as_arrived(mail.notice_id, actor=actor, reason=data["reason"], delivery_id=mail.pk)
        return _("The mail to %(person)s counts as sent.") % {"person": mail.person}


class Again(Decision):
    """To the address that the person has now, if mail to it does not come back, and the person does not do without."""

    slug, label, states = "again", gettext_lazy("Send again"), SENT_AGAIN_TO_ONE

    def is_open(self, mail: Delivery) -> bool:
        person = mail.person
        works = person.is_active and bool(person.email) and getattr(person, "address_problem", None) is None
        return super().is_open(mail) and mail.closed_at is None and works and not mail.is_declined

    def question(self, mail: Delivery) -> list[str]:
        sentences = [_("%(person)s is mailed again, at %(email)s.") % {"person": mail.person, "email": mail.person.email}]
        if mail.state == State.UNKNOWN:
            sentences.append(_("The mail may have arrived already: this is perhaps the second one."))
        return sentences

    def run(self, mail: Delivery, actor: Any, data: dict[str, Any]) -> str:
        DeliveryService.send_again(mail.notice_id, actor=actor, states=self.states, delivery_id=mail.pk)
        return _("%(person)s will be mailed again.") % {"person": mail.person}


class Remind(Decision):
    """Asked from the Readers tab, where it is seen who has not done it."""

    slug, label = "remind", gettext_lazy("Remind")
    states = (State.SENT, State.FAILED, State.UNKNOWN, State.SUPPRESSED, State.CANCELLED)
    tab = "readers"

    def is_open(self, mail: Delivery) -> bool:
        return super().is_open(mail) and mail.closed_at is None and mail.person.is_active

    def question(self, mail: Delivery) -> list[str]:
        return [
            _("%(person)s is reminded of “%(title)s”.") % {"person": mail.person, "title": mail.notice},
            _("It goes with the reminder mail of the day, at the next working hour there, or with the next day's if that has left."),
        ]

    def run(self, mail: Delivery, actor: Any, data: dict[str, Any]) -> str:
        ReminderService.remind_one(mail.notice_id, mail.person, actor=actor)
        return _("%(person)s will be reminded.") % {"person": mail.person}


DECISIONS: dict[str, Decision] = {decision.slug: decision for decision in (Arrived(), Again())}
REMIND = Remind()


def choices_for(mail: Delivery) -> list[tuple[str, str]]:
    """What can be decided about it now: word and address."""
    return [
        (str(decision.label), reverse(f"admin:notices_notice_mail_{slug}", args=[mail.notice_id, mail.pk]))
        for slug, decision in DECISIONS.items()
        if decision.is_open(mail)
    ]


def may_decide(user: Any, notice: Notice) -> bool:
    """It is decided about people by name."""
    return notice.status == Notice.Status.PUBLISHED and may(user, "publish", notice) and sees_people(user)


def arrived(admin: Any, request: HttpRequest, object_id: int, delivery_id: int) -> HttpResponse:
    return _decide(admin, request, object_id, delivery_id, DECISIONS["arrived"])


def again(admin: Any, request: HttpRequest, object_id: int, delivery_id: int) -> HttpResponse:
    return _decide(admin, request, object_id, delivery_id, DECISIONS["again"])


def remind(admin: Any, request: HttpRequest, object_id: int, delivery_id: int) -> HttpResponse:
    return _decide(admin, request, object_id, delivery_id, REMIND)


def _back(notice: Notice, mail: Delivery, decision: Decision) -> str:
    if decision.tab == "delivery":
        return address_of_mails(notice.pk, mail.state, mail.occasion)
    return reverse(f"admin:notices_notice_{decision.tab}", args=[notice.pk], query={"only": "outstanding"})


def _decide(admin: Any, request: HttpRequest, object_id: int, delivery_id: int, decision: Decision) -> HttpResponse:
    notice = admin.notice_or_404(request, object_id)
    if not (may(request.user, "publish", notice) and sees_people(request.user)):
        raise PermissionDenied
    mails = Delivery.objects.of_revision(notice).select_related("person__address_problem", "notice").annotate(is_declined=declined(notice))
    mail = mails.filter(pk=delivery_id).first()
    if mail is None:
        raise Http404
    back = _back(notice, mail, decision)
    form = decision.form_class(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            messages.success(request, decision.run(mail, request.user, form.cleaned_data))
        except NoticeError as error:
            messages.error(request, str(error))
        return redirect(back)
    if not decision.is_open(mail):
        messages.error(request, _("There is nothing to decide about this mail any more. Look at the list again."))
        return redirect(back)
    context = admin.admin_site.each_context(request) | {"title": decision.label, "opts": admin.opts, "original": notice, "notice": notice}
    question = decision.question(mail)
    return ask(request, context, form=form, heading=decision.label, button=decision.label, sentences=question, back=back, danger=False)
