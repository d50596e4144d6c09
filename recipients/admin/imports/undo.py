"""The page that asks before an import is taken back: what comes of it, and what others have changed since."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backoffice.admin.confirmation import ReasonForm, ask
from backoffice.admin.paginator import PER_PAGE
from recipients.admin.imports.page import find
from recipients.exceptions import RecipientError
from recipients.models import Import, Recipient, RecipientGroup, User
from recipients.services import ImportService
from recipients.services.imports.access import may_import
from recipients.services.imports.registry import kind_of

LONGEST_NUMBER = 7  # digits of a page's number
# What became since of what the import did.
SINCE = {
    "gone": gettext_lazy("Taken out, or taken out and added again"),
    "back": gettext_lazy("Added again"),
    "renamed": gettext_lazy("Renamed"),
    "changed": gettext_lazy("Changed or deleted"),
    "used": gettext_lazy("In use by now"),
}


def undo(admin: Any, request: HttpRequest, object_id: int) -> HttpResponse:
    batch = find(admin, request, object_id)
    if not may_import(request.user, batch.kind):
        raise PermissionDenied
    back = admin.own_url("change", batch.pk)
    if batch.state != Import.State.DONE:
        return redirect(back)
    form, problem = ReasonForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        try:
            ImportService.undo(batch.pk, reason=form.cleaned_data["reason"], actor=request.user)
        except RecipientError as error:
            problem = str(error)
        else:
            return redirect(back)
    numbers = kind_of(batch).reverse_numbers(batch)
    asked = request.GET.get("p", "1")
    number = max(1, int(asked)) if asked.isdecimal() and len(asked) < LONGEST_NUMBER else 1
    context = admin.admin_site.each_context(request) | {
        "title": _("Undo: %(import)s") % {"import": batch},
        "opts": admin.opts,
        "original": batch,
        "left": _told(kind_of(batch).left_rows(batch, most=PER_PAGE, after=PER_PAGE * (number - 1))),
        "left_count": numbers["left"],
        "next_page": number + 1 if numbers["left"] > PER_PAGE * number else None,
    }
    return ask(
        request,
        context,
        form=form,
        heading=_("Take this import back?"),
        button=_("Undo the import"),
        back=back,
        danger=True,
        sentences=_sentences(numbers),
        problem=problem,
        template="recipients/admin/import_undo.html",
    )


def _sentences(numbers: dict[str, int]) -> list[str]:
    names = ("taken_out", "put_back", "renamed", "taken_away", "changed_back", "closed")
    taken, put, renamed, away, back, closed = (numbers.get(name, 0) for name in names)
    told = [
        (away, ngettext("%(count)s that it made is taken away.", "%(count)s that it made are taken away.", away)),
        (closed, ngettext("%(count)s account that it made becomes inactive.", "%(count)s accounts that it made become inactive.", closed)),
        (back, ngettext("%(count)s becomes as it was before.", "%(count)s become as they were before.", back)),
        (taken, ngettext("%(count)s member that it added is taken out.", "%(count)s members that it added are taken out.", taken)),
        (put, ngettext("%(count)s member that it removed is put back.", "%(count)s members that it removed are put back.", put)),
        (renamed, ngettext("%(count)s group gets its former name back.", "%(count)s groups get their former names back.", renamed)),
    ]
    sentences = [sentence % {"count": f"{count:,}"} for count, sentence in told if count]
    return sentences or [_("Nothing that it did still stands, so nothing would change.")]


def _told(left: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of numbers with their names."""
    groups = RecipientGroup.all_objects.in_bulk({row["group_id"] for row in left})
    people = User.objects.in_bulk({row[key] for row in left for key in ("person_id", "by_id") if row[key]})
    entities = Recipient.objects.in_bulk({row["recipient_id"] for row in left if row["recipient_id"]})
    return [
        {
            "group": groups.get(row["group_id"]) or (entities.get(row["recipient_id"]) if row["person_id"] else None),
            "member": people.get(row["person_id"]) or entities.get(row["recipient_id"]),
            "by": people.get(row["by_id"]),
            "at": row["at"],
            "what": SINCE[row["what"]],
        }
        for row in left
    ]
