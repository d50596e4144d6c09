"""Earlier versions of a notice: what its readers had done by then, and the two ways to take something back."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from audit.admin.subject import exactly
from audit.object_history.branches import Branch
from audit.object_history.comparing import Wording
from audit.object_history.diffs import FieldDifference, differences
from audit.object_history.lines import mentioned, newest_number, reading
from audit.object_history.points import rows_at, rows_of
from audit.object_history.states import State
from audit.sentences.names import Names
from backoffice.admin.confirmation import ReasonForm, ask
from backoffice.admin.paginator import page_of
from backoffice.permissions import may, may_everywhere
from notices.exceptions import NoticeError
from notices.models import Notice, ReadAcknowledgment
from notices.services import NoticeService
from notices.services.restoring import COPIED, FIELDS, EarlierVersion, addressed_at, version_of
from recipients.models import User

READ = Branch(ReadAcknowledgment, ReadAcknowledgment._meta.get_field("notice"))


class TakeBackForm(ReasonForm):
    fields_wanted = forms.MultipleChoiceField(
        label=gettext_lazy("Take back"),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        error_messages={"required": gettext_lazy("Choose at least one field.")},
    )
    field_order = ("fields_wanted", "reason")

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        wanted: Any = self.fields["fields_wanted"]
        wanted.choices = choices


# -- as it was --
def as_of_context(admin: Any, request: HttpRequest, notice: Notice, state: State) -> dict[str, Any]:
    read = _readings(notice.pk, state)
    counts = read.aggregate(opened=Count("pk"), acknowledged=Count("pk", filter=Q(acknowledged_at__isnull=False)))
    context = counts | {"steps": _steps(request, notice, state)}
    if may_everywhere(request.user, "view", User):
        page = page_of(request, read.order_by("-history_date", "-history_id"))
        rows = list(page.object_list)
        wording = Wording(READ, rows, state.point.at, request.user)
        for row in rows:
            row.person = wording.name((row.user_id,))
        page.object_list = rows
        context["page"] = page
    return context


def _readings(notice_id: int, state: State) -> QuerySet:
    """What readers of the revision of then had done by then."""
    return rows_at(READ, notice_id, state.point).filter(revision=state.row.revision)


def _steps(request: HttpRequest, notice: Notice, state: State) -> list[dict[str, str]]:
    number = newest_number(Notice, notice.pk, COPIED, state.point)
    if number is None or not may(request.user, "restore_version", notice):
        return []
    steps = []
    if _may_copy(request, notice):
        steps.append({"text": _("Start a new draft from this version"), "url": _url("new_draft", notice, number)})
    if notice.is_editable and may(request.user, "change", notice):
        steps.append({"text": _("Take fields of this version back"), "url": _url("take_back", notice, number)})
    return steps


def _may_copy(request: HttpRequest, notice: Notice) -> bool:
    """The draft is of the department that the notice is of."""
    return may(request.user, "add", Notice(department_id=notice.department_id))


def _url(name: str, notice: Notice, number: int) -> str:
    return reverse(f"admin:notices_notice_{name}", args=[notice.pk, number])


# -- taking back --
def take_back(admin: Any, request: HttpRequest, object_id: int, history_id: int) -> HttpResponse:
    """GET asks which fields, each with its value of now and of then; POST takes them back."""
    notice = admin.notice_or_404(request, object_id)
    if not (may(request.user, "restore_version", notice) and may(request.user, "change", notice)):
        raise PermissionDenied
    earlier = _version_or_404(notice, history_id)
    found = _differences(notice, earlier, request.user)
    form = TakeBackForm(_posted(request), choices=[(d.name, d.label) for d in found])
    problem = ""
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            NoticeService.restore_fields(
                notice.pk, history_id, data["fields_wanted"], actor=request.user, version=_seen(request), reason=data["reason"]
            )
        except ValidationError as error:
            problem = " ".join(error.messages)
            notice.refresh_from_db()
        else:
            messages.success(request, _("“%(title)s” has those fields back. Nobody was told.") % {"title": notice})
            return redirect("admin:notices_notice_change", notice.pk)
    sentences = [
        _("The fields you choose get the values they had on %(moment)s.") % {"moment": exactly(earlier.point.at)},
        _("Its state, its audience and its attachments stay as they are, and nobody is told."),
    ]
    return _ask(
        admin, request, notice, earlier, form=form, heading=_("Take fields back"), sentences=sentences, problem=problem, differences=found
    )


def new_draft(admin: Any, request: HttpRequest, object_id: int, history_id: int) -> HttpResponse:
    """GET says what the draft will hold; POST makes it."""
    notice = admin.notice_or_404(request, object_id)
    if not (may(request.user, "restore_version", notice) and _may_copy(request, notice)):
        raise PermissionDenied
    earlier = _version_or_404(notice, history_id)
    form = ReasonForm(_posted(request))
    problem = ""
    if request.method == "POST" and form.is_valid():
        try:
            made = NoticeService.draft_from_version(notice.pk, history_id, actor=request.user, reason=form.cleaned_data["reason"])
        except ValidationError as error:
            problem = " ".join(error.messages)
        else:
            return _to_the_draft(request, made)
    sentences = [
        _("A new draft gets the text, the category, the dates, the audience and the files of %(moment)s.")
        % {"moment": exactly(earlier.point.at)},
        _("“%(title)s” itself stays as it is, and nobody is told.") % {"title": notice},
    ]
    if gone := addressed_at(notice.pk, earlier.point, actor=request.user).gone:
        sentences.append(_left_out(gone))
    return _ask(admin, request, notice, earlier, form=form, heading=_("Start a new draft"), sentences=sentences, problem=problem)


def _to_the_draft(request: HttpRequest, made: Any) -> HttpResponse:
    messages.success(request, _("“%(title)s” is a new draft.") % {"title": made.notice})
    if made.left_out:
        messages.warning(request, _left_out(made.left_out))
    return redirect("admin:notices_notice_change", made.notice.pk)


def _left_out(names: Any) -> str:
    return _("No longer there, or not yours to send to, so left out: %(names)s.") % {"names": ", ".join(f"“{name}”" for name in names)}


def _version_or_404(notice: Notice, history_id: int) -> EarlierVersion:
    try:
        return version_of(notice, history_id)
    except NoticeError as error:
        raise Http404 from error


def _differences(notice: Notice, earlier: EarlierVersion, reader: Any) -> list[FieldDifference]:
    """From what it is now to what it was then, of the fields that can be taken back."""
    newest = rows_of(Notice, notice.pk)[0]
    names = Names([*mentioned(newest, newest.history_date), *mentioned(earlier.row, earlier.point.at)], reader)
    reads = {id(newest): reading(names, newest.history_date), id(earlier.row): reading(names, earlier.point.at)}
    found = differences(newest, earlier.row, lambda version, field: reads[id(version)](version, field), brief=True)
    return [difference for difference in found if difference.name in FIELDS]


def _posted(request: HttpRequest) -> Any:
    """Also what is empty, and so is no form that was merely opened."""
    return request.POST if request.method == "POST" else None


def _seen(request: HttpRequest) -> int:
    """The version of the notice that the page showed; one that none has if the request does not say."""
    text = request.POST.get("version", "")
    return int(text) if text.isdecimal() and len(text) <= 9 else -1  # noqa: PLR2004 - digits that fit the column


def _ask(
    admin: Any,
    request: HttpRequest,
    notice: Notice,
    earlier: EarlierVersion,
    *,
    form: Any,
    heading: str,
    differences: Any = None,
    **asked: Any,
) -> HttpResponse:
    context = admin.page_context(request, notice, "history") | {"differences": differences}
    back = f"{reverse('admin:notices_notice_history_as_of', args=[notice.pk])}?version={earlier.point.history_id}"
    template = "notices/admin/history_restore.html"
    return ask(request, context, form=form, heading=heading, button=capfirst(heading), back=back, danger=False, template=template, **asked)
