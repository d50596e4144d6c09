"""Changing a notice that is on show: where it is written, and where it is looked at and decided on."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from backoffice.permissions import may
from backoffice.richtext import render_rich_text
from notices.admin.amend_buttons import may_amend
from notices.admin.amend_forms import FORMS, AmendmentForm, added_file
from notices.admin.amend_phrases import consequences, done, earlier_changes, standing, stands_in_the_way
from notices.amended import amended, comparison
from notices.contributors import contributors_of_change
from notices.downloads import download
from notices.exceptions import NoticeError, StaleNotice
from notices.models import Amendment, Notice
from notices.services import NoticeService
from notices.services.amending import open_amendment
from notices.services.publishing import Confirmation

State = Amendment.State


def _url(page: str, notice: Notice) -> str:
    return reverse(f"admin:notices_notice_{page}", args=[notice.pk])


# -- writing --
def amend(admin: Any, request: HttpRequest, object_id: int) -> HttpResponse:
    notice = admin.notice_or_404(request, object_id)
    if not may_amend(request.user, notice):
        raise PermissionDenied
    change = open_amendment(notice)
    form = AmendmentForm(request.POST or None, request.FILES or None, notice=notice, change=change)
    if request.method == "POST" and form.is_valid() and _save(request, notice, form):
        return redirect(_url("amend_review", notice))
    context = admin.page_context(request, notice, "change") | {
        "form": form,
        "change": change,
        "media": admin.media + form.media,
        "problem": stands_in_the_way(notice, change),
        "changes": earlier_changes(notice),
    }
    return TemplateResponse(request, "notices/admin/amend.html", context)


def _save(request: HttpRequest, notice: Notice, form: AmendmentForm) -> bool:
    try:
        NoticeService.save_amendment(notice.pk, form.text(), actor=request.user, version=form.cleaned_data["version"])
    except StaleNotice as error:
        form.go_on_from(open_amendment(notice))
        form.add_refusal(error)
    except ValidationError as error:
        form.add_refusal(error)
    else:
        messages.success(request, _("The change is kept. Nobody sees it yet: look at what differs, and say what kind of change it is."))
        return True
    return False


# -- looking at it, and deciding --
def review(admin: Any, request: HttpRequest, object_id: int) -> HttpResponse:
    # Read first of all: whatever changes while the rest is read makes its version stale.
    notice = admin.notice_or_404(request, object_id)
    writes, decides = may_amend(request.user, notice), may(request.user, "approve", notice)
    form, problem = None, ""
    if request.method == "POST":
        act = request.POST.get("do", "")
        if act not in FORMS:
            raise Http404
        form = _form(act, request.POST)
        if form.is_valid():
            try:
                change = _ACTS[act](notice.pk, request, form.cleaned_data)
            except NoticeError as error:
                problem = str(error)
            else:
                messages.success(request, done(act, notice, change))
                return redirect(_url("change" if act == "discard" else "amend_review", notice))
    context = admin.page_context(request, notice, "change") | {"problem": problem, "form": form, "writes": writes, "decides": decides}
    context |= {"changes": earlier_changes(notice)} | _about(request, notice, open_amendment(notice), context)
    return TemplateResponse(request, "notices/admin/amend_review.html", context, status=409 if problem else 200)


def _about(request: HttpRequest, notice: Notice, change: Amendment | None, asked: dict[str, Any]) -> dict[str, Any]:
    """The open change, and what this person may do about it."""
    if change is None:
        return {"change": None}
    figures = standing(notice)
    does = consequences(figures)
    mine = asked["writes"] and change.state == State.DRAFT
    theirs = asked["decides"] and change.state == State.WAITING and request.user.pk not in contributors_of_change(change)
    form = asked["form"]
    act = "hand-in" if notice.must_be_approved else "make"
    return {
        "change": change,
        "comparison": comparison(notice, change),
        "after": (after := amended(notice, change)),
        "after_html": render_rich_text(after.content),
        "added": [file for file in change.files.all() if file.takes_off is None],
        "in_the_way": stands_in_the_way(notice, change),
        "people": figures.people,
        "act": act,
        "kinds": [(value, label, does[value]) for value, label in Amendment.Kind.choices],
        "chosen": does.get(change.kind, []),
        "kind_form": (_kept(form, act) or _form(act, initial={"kind": change.kind, "reason": change.reason})) if mine else None,
        "approve_form": (_kept(form, "approve") or _form("approve")) if theirs else None,
        "return_form": (_kept(form, "return") or _form("return")) if theirs else None,
        "own_part": asked["decides"] and change.state == State.WAITING and not theirs,
    }


def _form(act: str, data: Any = None, **options: Any) -> Any:
    """Several stand on one page, so each names its fields in its own way."""
    return FORMS[act](data, auto_id=f"{act}_%s", **options)


def _kept(form: Any, act: str) -> Any:
    """What was sent stays on the page, with what is wrong about it."""
    return form if form is not None and form.data.get("do") == act else None


def _seen(request: HttpRequest) -> Confirmation:
    try:
        return Confirmation(version=int(request.POST["version"]), people=int(request.POST["people"]))
    except (KeyError, ValueError):
        return Confirmation(version=-1, people=-1)


def _decided(service: Callable[..., Amendment]) -> Callable[..., Amendment]:
    return lambda pk, request, data: service(pk, actor=request.user, seen=_seen(request), **data)


_ACTS: dict[str, Callable[..., Amendment]] = {
    "make": _decided(NoticeService.amend),
    "hand-in": _decided(NoticeService.hand_in_amendment),
    "approve": _decided(NoticeService.approve_amendment),
    "return": _decided(NoticeService.return_amendment),
    "discard": _decided(NoticeService.discard_amendment),
}


def file(admin: Any, request: HttpRequest, object_id: int, file_id: int) -> FileResponse:
    """A file that the open change would attach, to whoever may see its notice."""
    notice = admin.notice_or_404(request, object_id)
    found = added_file(open_amendment(notice), file_id)
    answer = download(found) if found is not None else None
    if answer is None:
        raise Http404
    return answer
