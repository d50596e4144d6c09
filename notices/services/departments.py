"""Whose notices a person may write: of every department and of none, or of those that they are an author of."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from backoffice.permissions import may_everywhere, visible
from notices.models import Notice
from recipients.models import Recipient


def departments_for(actor: Any, verb: str) -> Any:
    """The departments that `actor` may give a notice to when they `verb` it: "add" or "change"."""
    departments = Recipient.objects.active().filter(kind=Recipient.Kind.DEPARTMENT)
    return visible(actor, "view" if may_everywhere(actor, verb, Notice) else "author", departments)


def refuse_other_department(notice: Notice, *, before: int | None, actor: Any) -> None:
    """A notice is moved only to where `actor` may write; that may be nowhere only for whoever writes everywhere."""
    if notice.department_id == before or may_everywhere(actor, "change", Notice):
        return
    if notice.department_id is None or not departments_for(actor, "change").filter(pk=notice.department_id).exists():
        raise PermissionDenied(_("%(actor)s may not give “%(title)s” to that department.") % {"actor": actor, "title": notice})
