"""Another audience for a notice on show: choosing it, and the page that shows the difference before anything happens.

What was chosen waits in the session, so that the lists of the difference can be searched and paged like any other.
"""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.admin.paginator import page_of, words_sought
from backoffice.permissions import may
from notices.admin.forms import ADDRESSEES, AudienceForm, RequiredReasonForm
from notices.admin.phrases import people_phrase
from notices.admin.told import sees_people
from notices.exceptions import NoticeError
from notices.models import Notice
from notices.repositories import NoticeRepository
from notices.services import NoticeService
from notices.services.readdressing import refuse_unless_readdressable
from recipients.dtos import Address, AudienceChange
from recipients.repositories import AudienceRepository

PARTS = (("coming", gettext_lazy("Come in")), ("going", gettext_lazy("Go out")))


def is_offered(user: Any, notice: Notice) -> bool:
    """To those who may change and publish it, as long as it can be done at all."""
    return notice.status == Notice.Status.PUBLISHED and _may(user, notice) and _problem(notice) is None


def choose(admin: Any, request: HttpRequest, object_id: int) -> HttpResponse:
    notice = _notice(admin, request, object_id)
    if (problem := _problem(notice)) is not None:
        return _back(request, notice, problem)
    address = NoticeRepository.address_of(notice)
    chosen = _chosen(request, notice) or address
    initial = dict(zip(ADDRESSEES, (chosen.recipient_ids, chosen.group_ids, chosen.person_ids), strict=True))
    form = AudienceForm(request.POST or None, initial=initial | {"version": notice.version}, site=admin.admin_site, user=request.user)
    if request.method == "POST" and form.is_valid():
        if form.address() != address:
            request.session[_key(notice)] = [form.cleaned_data["version"], *_ids(form.address())]
            return redirect("admin:notices_notice_difference", notice.pk)
        form.add_error(None, _("This is its audience already. Choose others, or take some out."))
    context = admin.page_context(request, notice, "audience") | {"form": form, "media": admin.media + form.media}
    return TemplateResponse(request, "notices/admin/readdress.html", context)


def difference(admin: Any, request: HttpRequest, object_id: int) -> HttpResponse:
    notice = _notice(admin, request, object_id)
    if (problem := _problem(notice)) is not None:
        return _back(request, notice, problem)
    chosen = _chosen(request, notice)
    if chosen is None:
        return redirect("admin:notices_notice_readdress", notice.pk)
    form = RequiredReasonForm(request.POST or None)
    said = ""
    if request.method == "POST" and form.is_valid():
        try:
            return _change(request, notice, chosen, form.cleaned_data["reason"])
        except NoticeError as error:
            said = str(error)
    context = admin.page_context(request, notice, "audience") | _lists(request, notice, chosen) | {"form": form, "problem": said}
    return TemplateResponse(request, "notices/admin/difference.html", context, status=409 if said else 200)


def _change(request: HttpRequest, notice: Notice, address: Address, reason: str) -> HttpResponse:
    version, seen = _seen(request)
    NoticeService.change_audience(notice.pk, address, actor=request.user, reason=reason, version=version, seen=seen)
    del request.session[_key(notice)]
    come, go = people_phrase(seen.coming), people_phrase(seen.going)
    messages.success(request, _("The audience is changed: %(come)s came in, %(go)s went out.") % {"come": come, "go": go})
    return redirect("admin:notices_notice_delivery", notice.pk)


def _seen(request: HttpRequest) -> tuple[int, AudienceChange]:
    """What the page showed when the button was pressed; a request without it is refused as stale."""
    try:
        numbers = [int(request.POST[name]) for name in ("version", "coming", "going", "staying")]
    except (KeyError, ValueError):
        numbers = [-1] * 4
    return numbers[0], AudienceChange(*numbers[1:])


def _lists(request: HttpRequest, notice: Notice, chosen: Address) -> dict[str, Any]:
    before = NoticeRepository.address_of(notice)
    change = AudienceRepository.change(before, chosen)
    only = "going" if request.GET.get("only") == "going" else "coming"
    one, other = (before, chosen) if only == "going" else (chosen, before)
    return {
        "change": change,
        "sentences": _sentences(change),
        "parts": [(key, title, getattr(change, key)) for key, title in PARTS],
        "only": only,
        "page": page_of(request, AudienceRepository.in_one_only(one, other, search=words_sought(request))),
        "q": words_sought(request),
        "sees_people": sees_people(request.user),
    }


def _sentences(change: AudienceChange) -> list[str]:
    come, go, stay = (people_phrase(number) for number in (change.coming, change.going, change.staying))
    sentences = []
    if change.coming:
        sentences.append(_("Come in: %(people)s. They find it in the inbox and are mailed once.") % {"people": come})
    if change.going:
        sentences.append(
            _(
                "Go out: %(people)s. It disappears from their inbox, and mails that have not left are not sent. "
                "Nothing more is asked of them; what they acknowledged stays on record."
            )
            % {"people": go}
        )
    return [*sentences, _("Stay: %(people)s. They are not told again.") % {"people": stay}]


def _notice(admin: Any, request: HttpRequest, object_id: int) -> Notice:
    notice = admin.notice_or_404(request, object_id)
    if not _may(request.user, notice):
        raise PermissionDenied
    return notice


def _may(user: Any, notice: Notice) -> bool:
    return may(user, "change", notice) and may(user, "publish", notice)


def _problem(notice: Notice) -> str | None:
    try:
        refuse_unless_readdressable(notice)
    except NoticeError as error:
        return str(error)
    return None


def _back(request: HttpRequest, notice: Notice, problem: str) -> HttpResponse:
    messages.error(request, problem)
    return redirect("admin:notices_notice_audience", notice.pk)


def _key(notice: Notice) -> str:
    return f"audience-of-{notice.pk}"


def _ids(address: Address) -> list[list[int]]:
    return [list(ids) for ids in (address.recipient_ids, address.group_ids, address.person_ids)]


def _chosen(request: HttpRequest, notice: Notice) -> Address | None:
    """What this person chose, if the notice is still what it was then."""
    version, *ids = request.session.get(_key(notice), [None])
    return Address.of(*ids) if version == notice.version else None
