"""Forms of the Audience pages: errors stand beside their field."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.forms import UserCreationForm
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from backoffice.permissions import may
from recipients.models import RecipientGroup, RoleAssignment, User


class GuardedForm(forms.ModelForm):
    """Refuses to overwrite what someone else saved while this page was open."""

    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)
    actor: Any = None  # set by the admin, on the class it makes for the request

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["seen"] = getattr(_last_version(self.instance), "pk", None)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if self.instance.pk:
            self._refuse_stale(self.cleaned_data.get("seen"))
        return data

    def _refuse_stale(self, seen: int | None) -> None:
        # Locked until the request's transaction ends: what is found now holds when saving.
        type(self.instance)._base_manager.select_for_update().get(pk=self.instance.pk)
        last = _last_version(self.instance)
        if last is None or last.pk == seen:
            return
        # Saving once more is then a decision: the next form carries the version it was told about.
        data = self.data.copy()
        data[self.add_prefix("seen")] = str(last.pk)
        self.data = data
        raise forms.ValidationError(
            _(
                "%(person)s saved this at %(time)s, while you had it open. What you typed is kept below and not saved yet; "
                "saving again replaces theirs."
            )
            % {"person": last.history_user or _("Someone"), "time": timezone.localtime(last.history_date).strftime("%H:%M")}
        )


def _last_version(instance: Any) -> Any:
    return instance.history.select_related("history_user").order_by("-history_id").first()


class EmailOnceMixin:
    cleaned_data: dict[str, Any]
    instance: User

    def clean_email(self) -> str:
        email = self.cleaned_data["email"]
        if email and User.objects.filter(email__iexact=email).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("Another person has this e-mail address."))
        return email


class PersonForm(EmailOnceMixin, GuardedForm):
    """An account without its password: that has a page of its own, and the hash is shown nowhere."""

    class Meta:
        model = User
        # Never the password; narrowed by the fieldsets that the person at the screen gets.
        exclude = ("password",)  # noqa: DJ006 - the fieldsets name the fields
        labels = {"is_staff": gettext_lazy("May use the back office"), "is_superuser": gettext_lazy("Superuser")}
        help_texts = {
            "is_active": gettext_lazy("Untick it when someone leaves. Nobody is ever deleted: what they read and did stays theirs."),
            "is_staff": gettext_lazy("Readers need only their inbox."),
            "is_superuser": gettext_lazy("May do everything, whatever the roles say."),
            "username": gettext_lazy("What the person types to sign in."),
        }

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if self.instance.pk and self.actor is not None and self.instance.pk == self.actor.pk:
            for name in ("is_active", "is_staff"):
                if name in data and getattr(self.actor, name) and not data[name]:
                    self.add_error(name, _("You would lock yourself out. Ask another administrator to do this."))
        return data


class NewPersonForm(EmailOnceMixin, UserCreationForm):
    class Meta(UserCreationForm.Meta):
        model = User
        fields = ("username", "first_name", "last_name", "email", "employee_number", "job_title")
        help_texts = {"username": gettext_lazy("What the person types to sign in.")}


class GroupForm(GuardedForm):
    class Meta:
        model = RecipientGroup
        fields = ("code", "name", "description")
        widgets = {"description": UnfoldAdminTextareaWidget(attrs={"rows": 3})}


class RoleAssignmentForm(GuardedForm):
    class Meta:
        model = RoleAssignment
        fields = ("user", "recipient", "role", "starts_on", "ends_on")

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        start, end = data.get("starts_on"), data.get("ends_on")
        if start and end and end < start:
            self.add_error("ends_on", _("“Until” is before “from”. Choose the same day or a later one."))
        self._refuse_twice(data)
        self._refuse_other_place(data.get("recipient"))
        return data

    def _refuse_other_place(self, recipient: Any) -> None:
        if recipient is not None and self.actor is not None and not may(self.actor, "manage_members", recipient):
            self.add_error("recipient", _("You may not decide who belongs to “%(name)s”. Ask an administrator.") % {"name": recipient})

    def _refuse_twice(self, data: dict[str, Any]) -> None:
        key = {name: data[name] if name in data else getattr(self.instance, f"{name}_id", None) for name in ("user", "recipient")}
        if "role" not in data or not all(key.values()):
            return
        if RoleAssignment.objects.filter(**key, role=data["role"]).exclude(pk=self.instance.pk).exists():
            self.add_error("role", _("This person already has this role there. Change that entry, or name another role."))


class InlineRoleAssignmentForm(RoleAssignmentForm):
    """One row on the person's page; the page itself carries what was seen."""

    seen = None  # type: ignore[assignment]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():  # the heads of unfold's columns are no labels
            field.widget.attrs["aria-label"] = field.label

    def _refuse_stale(self, seen: int | None) -> None: ...


class RestoreGroupForm(forms.Form):
    code = forms.CharField(label=gettext_lazy("Code"), max_length=64, widget=UnfoldAdminTextInputWidget)
