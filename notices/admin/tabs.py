"""The other tabs of a notice: Audience, Delivery, Readers; and its attachments."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from audit.access import record_view
from audit.pages.list_exports import offered
from backoffice.admin.paginator import page_of, words_sought
from backoffice.permissions import may
from notices.admin import came_back, readdressing
from notices.admin.acts import BY_SLUG
from notices.admin.changes_told import changes_told
from notices.admin.forms import ADDRESSEES, AudienceForm
from notices.admin.one_mail import REMIND, choices_for, may_decide
from notices.admin.phrases import told_by_mail
from notices.admin.standing import standing_of
from notices.admin.told import READER_PARTS, change_of, deliveries, readings, sees_people
from notices.downloads import download
from notices.exceptions import NoticeError
from notices.models import Delivery, Notice
from notices.presentation import DELIVERY_LABELS
from notices.repositories import NoticeRepository
from notices.services import NoticeService, ReminderService
from notices.services.addressing import not_addressable
from recipients.admin.people_table import people_table
from recipients.dtos import Address
from recipients.repositories import AudienceRepository


def audience(admin: Any, request: HttpRequest, object_id: int) -> HttpResponse:
    notice = admin.notice_or_404(request, object_id)
    may_edit = may(request.user, "change", notice) and notice.is_editable
    address = NoticeRepository.address_of(notice)
    initial = dict(zip(ADDRESSEES, (address.recipient_ids, address.group_ids, address.person_ids), strict=True))
    form = AudienceForm(request.POST or None, initial=initial | {"version": notice.version}, site=admin.admin_site, user=request.user)
    refused, unseen = not_addressable(address, actor=request.user) if notice.is_editable else ([], False)
    if request.method == "POST":
        if not may_edit:
            raise PermissionDenied
        if form.is_valid() and _save_audience(request, notice, form):
            return redirect("admin:notices_notice_audience", notice.pk)
    table = people_table(request, address) | {"list_exports": _exports(request, "audience", notice)}
    context = admin.page_context(request, notice, "audience") | table | {"form": form, "may_edit": may_edit}
    context["may_readdress"] = readdressing.is_offered(request.user, notice)
    context |= {
        "sentences": [*told_by_mail(notice, table["summary"]), *_address_nobody(address, request.user), *_not_theirs(refused, unseen)],
        "sees_people": sees_people(request.user),
    }
    return TemplateResponse(request, "notices/admin/audience.html", context | {"media": admin.media + form.media})


def _save_audience(request: HttpRequest, notice: Notice, form: AudienceForm) -> bool:
    try:
        saved = NoticeService.set_audience(notice.pk, form.address(), actor=request.user, version=form.cleaned_data["version"])
    except NoticeError as error:
        form.add_error(None, error)
        return False
    messages.success(request, _("The audience is saved."))
    if notice.status == Notice.Status.APPROVED and saved.status == Notice.Status.DRAFT:
        messages.warning(request, _("It was approved, and you changed whom it addresses: it is a draft again and needs a new approval."))
    return True


def _exports(request: HttpRequest, name: str, notice: Notice) -> list[dict[str, Any]]:
    return offered(request, name, object_id=notice.pk) if may(request.user, "export", notice) else []


def _address_nobody(address: Address, reader: Any) -> list[str]:
    """What was chosen and reaches nobody now, in sentences."""
    recipients, groups = AudienceRepository.idle(address, reader=reader)
    sentences = [_("“%(name)s” is inactive and addresses nobody.") % {"name": name} for name in recipients]
    trash = _("The group “%(name)s” is in the trash: the notice can be published when it is restored, or taken out of the audience.")
    return sentences + [trash % {"name": name} for name in groups]


def _not_theirs(names: list[str], unseen: bool) -> list[str]:
    sentences = [_("You may not send to “%(name)s”: the notice is published by someone who may.") % {"name": name} for name in names]
    return [*sentences, _("A part of the audience is not yours to see or to send to. It stays as it is.")] if unseen else sentences


def delivery(admin: Any, request: HttpRequest, object_id: int) -> HttpResponse:
    notice = admin.notice_or_404(request, object_id)
    record_view(request, page="delivery", model=Notice._meta.label_lower, object_id=notice.pk)
    rows = deliveries(notice, request.GET, request.user)
    page = page_of(request, rows.prefetch_related("events"))
    decides = may_decide(request.user, notice)
    for row in page.object_list:
        row.label = DELIVERY_LABELS[row.state]
        row.choices = choices_for(row) if decides else []
    came_back.explain(page.object_list)
    context = (
        admin.page_context(request, notice, "delivery")
        | _figures(notice)
        | {
            "page": page,
            "change": change_of(request.GET),
            "state": request.GET.get("state", ""),
            "states": [*Delivery.State.choices, came_back.CHOICE],
            "came_back": came_back.number_of(notice),
            "sees_people": sees_people(request.user),
            "decides": decides,
            "reminded": ReminderService.record(notice),
            "q": words_sought(request),
            "list_exports": _exports(request, "delivery", notice),
        }
    )
    return TemplateResponse(request, "notices/admin/delivery.html", context)


def figures(admin: Any, request: HttpRequest, object_id: int) -> HttpResponse:
    """The balance alone, asked for again and again while mails are leaving."""
    notice = admin.notice_or_404(request, object_id)
    return TemplateResponse(request, "notices/admin/figures.html", {"notice": notice, "asked_again": True} | _figures(notice))


def _figures(notice: Notice) -> dict[str, Any]:
    numbers, told = NoticeRepository.figures(notice), changes_told(notice)
    return {
        "figures": numbers,
        "changes_told": told,
        "balance": [(value, label, numbers[value], DELIVERY_LABELS[value]) for value, label in Delivery.State.choices],
        "standing": standing_of(notice, numbers["on_their_way"] + sum(change.on_their_way for change in told)),
    }


def readers(admin: Any, request: HttpRequest, object_id: int) -> HttpResponse:
    notice = admin.notice_or_404(request, object_id)
    record_view(request, page="readers", model=Notice._meta.label_lower, object_id=notice.pk)
    page = page_of(request, readings(notice, request.GET, request.user).prefetch_related("events"))
    may_remind = may_decide(request.user, notice) and BY_SLUG["remind"].is_possible(notice)
    reminded = ReminderService.reminded_people(notice, (row.person_id for row in page.object_list))
    for row in page.object_list:
        row.reminded = reminded.get(row.person_id)
        row.may_be_reminded = may_remind and _is_outstanding(notice, row) and REMIND.is_open(row)
    context = admin.page_context(request, notice, "readers") | {
        "figures": NoticeRepository.figures(notice),
        "page": page,
        "may_remind": may_remind,
        "only": request.GET.get("only", ""),
        "parts": READER_PARTS,
        "sees_people": sees_people(request.user),
        "q": words_sought(request),
        "list_exports": _exports(request, "readers", notice),
    }
    return TemplateResponse(request, "notices/admin/readers.html", context)


def _is_outstanding(notice: Notice, row: Any) -> bool:
    return (row.acknowledged_at if notice.requires_acknowledgement else row.read_at) is None


def attachment(admin: Any, request: HttpRequest, object_id: int, attachment_id: int) -> FileResponse:
    """The file, to whoever may see its notice. Never shown inside our own pages."""
    notice = admin.notice_or_404(request, object_id, trash=True)
    found = notice.attachments.filter(pk=attachment_id).first()
    answer = download(found) if found is not None else None
    if answer is None:
        raise Http404
    return answer
