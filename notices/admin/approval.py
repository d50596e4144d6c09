"""The Approval tab: exactly what is to be decided on, what changed since it was last approved, and who decided what before."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from audit.object_history.branches import branches_of
from audit.object_history.comparing import Comparison, compare
from audit.object_history.points import Point
from backoffice import clock
from backoffice.permissions import may, visible
from notices.admin.act import NOBODY
from notices.admin.acts import ACTS
from notices.admin.header import Button
from notices.contributors import NOBODY as PAST_THE_PRODUCT
from notices.contributors import contributors_of
from notices.models import Approval, Attachment, Notice, NoticeAdditionalRecipient, NoticeRecipient, NoticeRecipientGroup
from notices.pinning import digest_of
from notices.presentation import DECISION_LABELS
from notices.rendering import render
from notices.repositories import NoticeRepository
from notices.services.restoring import FIELDS
from recipients.dtos import Address
from recipients.models import Recipient, RecipientGroup, User
from recipients.repositories import AudienceRepository

PINNED_PARTS = (Attachment, NoticeRecipient, NoticeRecipientGroup, NoticeAdditionalRecipient)
MOST_NAMED = 50


def approval(admin: Any, request: HttpRequest, object_id: int) -> HttpResponse:
    # Read first of all: whatever changes while the rest is read makes its version stale.
    notice = admin.notice_or_404(request, object_id)
    digest = digest_of(notice)
    steps = list(notice.approvals.select_related("by", "amendment").order_by("-pk"))
    before = next((step for step in steps if step.decision == Approval.Decision.APPROVED), None)
    address = NoticeRepository.address_of(notice)
    for step in steps:
        step.label = DECISION_LABELS[step.decision]
    context = admin.page_context(request, notice, "approval") | {
        "steps": steps,
        "decisions": _decisions(request, notice, digest),
        "digest": digest,
        "before": before,
        "comparison": _since(before, notice, request.user) if before else None,
        "rendered": render(notice),
        "attachments": list(notice.attachments.all()),
        "addressees": _addressees(address, request.user),
        "people": AudienceRepository.summary(address).total,
    }
    return TemplateResponse(request, "notices/admin/approval.html", context | _parts(request, notice))


def _decisions(request: HttpRequest, notice: Notice, digest: str) -> list[Button]:
    """Each carries what this page shows, so that nothing else can be decided on by it."""
    shown = urlencode({"version": notice.version, "digest": digest})
    offered = [act for act in ACTS if act.pinned and act.is_offered(notice, request.user)]
    return [
        Button(act.button(notice, NOBODY), f"{reverse('admin:notices_notice_act', args=[notice.pk, act.slug])}?{shown}", act.style)
        for act in offered
    ]


def _parts(request: HttpRequest, notice: Notice) -> dict[str, Any]:
    """Who had a part in it, and so does not decide."""
    found = contributors_of([notice.pk])[notice.pk]
    in_review = notice.status == Notice.Status.IN_REVIEW
    return {
        "contributors": User.objects.filter(pk__in=found).order_by("last_name", "first_name", "pk"),
        "past_the_product": PAST_THE_PRODUCT in found,
        "own_part": in_review and request.user.pk in found and may(request.user, "approve", notice),
    }


def _since(step: Approval, notice: Notice, reader: Any) -> Comparison:
    """What differs from what was approved, of what an approval pins and this person may see."""
    row = Approval.history.filter(id=step.pk, history_type="+").get()
    branches = [branch for branch in branches_of(Notice, reader=reader) if branch.model in PINNED_PARTS]
    found = compare(Notice, notice.pk, branches, Point(row.history_date, row.history_id), Point(clock.now()), reader=reader)
    return Comparison(tuple(difference for difference in found.fields if difference.name in FIELDS), found.sets)


def _addressees(address: Address, reader: Any) -> list[str]:
    """Whom it addresses, by name as far as this person may see them."""
    chosen = ((Recipient, address.recipient_ids), (RecipientGroup, address.group_ids), (User, address.person_ids))
    names = [name for model, ids in chosen for name in _names(model, ids, reader)]
    total = sum(len(ids) for _model, ids in chosen)
    shown = names[:MOST_NAMED]
    return [*shown, _("and %(count)d more") % {"count": total - len(shown)}] if total > len(shown) else shown


def _names(model: type[Model], ids: Iterable[int], reader: Any) -> list[str]:
    return sorted(str(row) for row in visible(reader, "view", model._base_manager.filter(pk__in=ids)))
