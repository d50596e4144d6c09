"""Forms of the back office's notice pages."""

from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.changes import readable
from backoffice import clock
from backoffice.admin.confirmation import ReasonForm
from backoffice.admin.widgets import ManyByAutocomplete
from backoffice.permissions import choosable, may_everywhere, visible
from notices.exceptions import NoticeError
from notices.models import Attachment, Category, Notice, NoticeAdditionalRecipient, NoticeRecipient, NoticeRecipientGroup
from notices.services.departments import departments_for
from notices.services.writing import refuse_unless_editable
from notices.uploads import attachment_from
from recipients.dtos import Address
from recipients.models import Recipient, RecipientGroup, User


class RequiredReasonForm(ReasonForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = True


class NoticeForm(forms.ModelForm):
    """The text of a notice. Refuses to overwrite what someone else saved meanwhile."""

    class Meta:
        model = Notice
        fields = (
            *("title", "category", "department", "content", "start_date", "end_date", "requires_acknowledgement", "due_date"),
            *("remind_before", "remind_after", "tells_joiners", "joiner_days", "version"),
        )
        widgets = {"version": forms.HiddenInput}

    actor: Any = None  # set by the admin, on the class it makes for the request

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "department" in self.fields:
            self._offer_departments()
        self.was_approved = self.instance.status == Notice.Status.APPROVED
        if "version" in self.fields:
            self.fields["version"].required = False
        if "category" in self.fields and self.instance.category_id:
            # What it is stays choosable for whoever may not choose it: else saving would take it away.
            offered: Any = self.fields["category"]
            offered.queryset |= Category.objects.filter(pk=self.instance.category_id)
        if not self.instance.pk and "requires_acknowledgement" in self.fields:
            asking = Category.objects.filter(requires_acknowledgement=True).values_list("pk", flat=True)
            self.fields["requires_acknowledgement"].widget.attrs["data-ticked-for"] = " ".join(map(str, asking))

    def _offer_departments(self) -> None:
        """Whoever writes for some departments alone chooses one of them; the one it has stays choosable."""
        field: Any = self.fields["department"]
        verb = "change" if self.instance.pk else "add"
        offered = departments_for(self.actor, verb)
        field.queryset = Recipient.objects.filter(Q(pk__in=offered.values("pk")) | Q(pk=self.instance.department_id))
        has_one = self.instance.department_id is not None or not self.instance.pk
        field.required = has_one and not may_everywhere(self.actor, verb, Notice)
        if field.required and not self.instance.pk and len(only := offered.values_list("pk", flat=True)[:2]) == 1:
            self.initial["department"] = only[0]

    def clean_remind_before(self) -> list[int]:
        return sorted(set(self.cleaned_data["remind_before"]), reverse=True)

    def clean_remind_after(self) -> list[int]:
        return sorted(set(self.cleaned_data["remind_after"]))

    def clean_due_date(self) -> Any:
        due = self.cleaned_data["due_date"]
        if due and "due_date" in self.changed_data and due < clock.today():
            raise forms.ValidationError(_("That day has passed. Choose today or a later day."))
        return due

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("due_date") and not data.get("requires_acknowledgement"):
            self.add_error("requires_acknowledgement", _("A day to acknowledge by is set. Tick this too, or clear the day."))
        if self.instance.pk:
            self._refuse_stale(data)
        return data

    def _refuse_stale(self, data: dict[str, Any]) -> None:
        # Locked until the request's transaction ends: what is found now holds when saving.
        stored = Notice.all_objects.select_for_update(of=("self",)).select_related("modified_by").get(pk=self.instance.pk)
        try:
            refuse_unless_editable(stored)
        except NoticeError as error:
            raise forms.ValidationError(error.messages) from error
        self.opened_version = data.get("version") or 0
        if self.opened_version == stored.version:
            return
        # Saving once more is then a decision: the next form carries the version it was told about.
        posted: Any = self.data.copy()
        posted[self.add_prefix("version")] = str(stored.version)
        self.data = posted
        raise forms.ValidationError([self._who_changed(stored), *self._differences(stored, data)])

    @staticmethod
    def _who_changed(stored: Notice) -> str:
        moment = timezone.localtime(stored.modified_at).strftime("%H:%M")
        return _(
            "%(person)s saved this notice at %(time)s, while you were writing. Your text is kept below and not saved yet; "
            "saving again replaces theirs."
        ) % {"person": stored.modified_by or _("Someone"), "time": moment}

    def _differences(self, stored: Notice, data: dict[str, Any]) -> list[str]:
        lines = []
        for name, value in data.items():
            field: Any = Notice._meta.get_field(name)
            if name != "version" and value != getattr(stored, name):
                names = {"field": capfirst(str(field.verbose_name)), "theirs": readable(stored, field)}
                lines.append(_("%(field)s: theirs is “%(theirs)s”.") % names)
        return lines or [_("Their text is the same as yours.")]


class NothingWidget(forms.Widget):
    """An attached file is not replaced in place: it is removed and another one added."""

    def render(self, *args: Any, **kwargs: Any) -> str:
        return ""


class AttachmentForm(forms.ModelForm):
    class Meta:
        model = Attachment
        fields = ("file",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "file" in self.fields:
            self.fields["file"].disabled = True
            self.fields["file"].widget = NothingWidget()

    def clean_file(self) -> Any:
        upload = self.cleaned_data["file"]
        if not self.instance.pk:
            checked = attachment_from(upload)
            for name in ("name", "content_type", "size", "sha256"):
                setattr(self.instance, name, getattr(checked, name))
        return upload


class AddresseeField(forms.ModelMultipleChoiceField):
    """Says of what is chosen already that it addresses nobody now."""

    def label_from_instance(self, obj: Any) -> str:
        if getattr(obj, "is_deleted", False):
            return _("%(name)s (in the trash)") % {"name": obj}
        return str(obj) if getattr(obj, "is_active", True) else _("%(name)s (inactive)") % {"name": obj}


class AudienceForm(forms.Form):
    """Whom a notice addresses: any mix of entities, groups and single people.

    It offers what this person may send to. Of what was chosen before, what is in
    the trash by now, or not theirs to send to, is shown, to be taken out; what this person may not see stays as it is.
    """

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, site: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, (link, column, model, label) in ADDRESSEES.items():
            field = link._meta.get_field(column)
            chosen = model._base_manager.filter(pk__in=self.initial[name])
            offered = choosable(user, field, model._default_manager.all())
            rows = model._base_manager.filter(Q(pk__in=offered.values("pk")) | Q(pk__in=visible(user, "view", chosen).values("pk")))
            widget = ManyByAutocomplete(field, site)
            self.fields[name] = AddresseeField(rows, label=label, required=False, widget=widget)

    def address(self) -> Address:
        return Address.of(*([*(row.pk for row in self.cleaned_data[name]), *self._out_of_sight(name)] for name in ADDRESSEES))

    def _out_of_sight(self, name: str) -> set[int]:
        chosen: Any = self.initial[name]
        field: Any = self.fields[name]
        return set(chosen) - set(field.queryset.filter(pk__in=chosen).values_list("pk", flat=True))


ADDRESSEES = {
    "recipients": (NoticeRecipient, "recipient", Recipient, gettext_lazy("Recipients: departments, sites, roles, teams")),
    "groups": (NoticeRecipientGroup, "recipient_group", RecipientGroup, gettext_lazy("Recipient groups")),
    "people": (NoticeAdditionalRecipient, "user", User, gettext_lazy("Single people")),
}
