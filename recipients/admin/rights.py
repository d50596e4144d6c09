"""Permissions in words, by what they are about: the choices on the page of a role and of a person."""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin.sites import AdminSite
from django.contrib.auth.models import Group, Permission
from django.forms import ModelMultipleChoiceField
from django.forms.models import ModelChoiceIterator
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from audit.models import AccessRecord, Seal
from backoffice.models import Heartbeat

STOCK = {"add": _("add"), "change": _("change"), "delete": _("delete"), "view": _("see")}
POINTLESS = ("delete_user",)  # nobody is ever deleted
WITHOUT_LIST = (Seal, AccessRecord, Heartbeat)  # their pages are no lists of Django's


def offered_rights(site: AdminSite) -> list[Permission]:
    """What can be given: the permissions on what has a page of its own in the back office."""
    rights = Permission.objects.select_related("content_type").exclude(codename__in=POINTLESS)
    rights = rights.order_by("content_type__app_label", "content_type__model", "pk")
    return [
        right
        for right in rights
        if (model := right.content_type.model_class()) and (site.is_registered(model) or model in WITHOUT_LIST) and not model._meta.proxy
    ]


def by_subject(rights: Iterable[Permission]) -> dict[str, list[tuple[Permission, str]]]:
    """Such as {"Notices": [(…, "see"), (…, "publish and withdraw notices")]}."""
    subjects: dict[str, list[tuple[Permission, str]]] = {}
    for right in rights:
        model: Any = right.content_type.model_class()
        subject = _("Roles") if model is Group else capfirst(model._meta.verbose_name_plural)
        subjects.setdefault(str(subject), []).append((right, _in_words(right)))
    return subjects


def _in_words(right: Permission) -> str:
    verb, _underscore, model = right.codename.partition("_")
    if verb in STOCK and model == right.content_type.model:
        return str(STOCK[verb])
    return right.name.removeprefix("Can ")


class RightsIterator(ModelChoiceIterator):
    field: "RightsField"

    def __iter__(self) -> Any:
        for subject, rights in by_subject(self.field.offered).items():
            yield subject, [(self.field.prepare_value(right), words) for right, words in rights]


class RightsWidget(UnfoldAdminCheckboxSelectMultipleWidget):
    template_name = "recipients/admin/rights.html"


class RightsField(ModelMultipleChoiceField):
    iterator = RightsIterator
    widget = RightsWidget

    def __init__(self, site: AdminSite, **options: Any) -> None:
        self.offered = offered_rights(site)
        super().__init__(Permission.objects.filter(pk__in=[right.pk for right in self.offered]), required=False, **options)
