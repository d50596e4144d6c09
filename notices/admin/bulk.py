"""Acts on many notices at once: each judged on its own, after one confirmation."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice.admin.confirmation import ask
from backoffice.permissions import ask_together, may_somewhere
from notices.admin.act import NOBODY, Act
from notices.admin.acts import BY_SLUG
from notices.admin.header import audience_of
from notices.exceptions import NoticeError
from notices.models import Notice
from notices.pinning import digest_of
from notices.services.publishing import Confirmation

MOST_AT_ONCE = 100
REFUSALS_SHOWN = 5


def run_on_selected(model_admin: Any, request: HttpRequest, queryset: Any, act: Act) -> HttpResponse | None:
    """Ask once for all of `queryset`, then do it; a refusal of one does not stop the others."""
    ids = list(queryset.values_list("pk", flat=True)[: MOST_AT_ONCE + 1])
    if len(ids) > MOST_AT_ONCE:
        messages.error(request, _("Select at most %(most)d notices at a time.") % {"most": MOST_AT_ONCE})
        return None
    notices = list(Notice.all_objects.filter(pk__in=ids).select_related("category", "created_by", "modified_by").order_by("-pk"))
    ask_together(request.user, notices)
    form = act.form_class(request.POST if "confirmed" in request.POST else None)
    if "confirmed" in request.POST and form.is_valid():
        _report(request, act, [_outcome(request, act, notice, form.cleaned_data) for notice in notices])
        return None
    context = model_admin.admin_site.each_context(request) | {
        "title": act.label,
        "opts": model_admin.opts,
        "action": request.POST["action"],
        "rows": [_preview(request, act, notice) for notice in notices],
    }
    heading = ngettext("%(act)s: %(count)d notice", "%(act)s: %(count)d notices", len(notices)) % {"act": act.label, "count": len(notices)}
    template = "notices/admin/confirm_many.html"
    danger = act.style == "danger"
    return ask(request, context, form=form, heading=heading, button=act.label, back="", danger=danger, template=template)


def _preview(request: HttpRequest, act: Act, notice: Notice) -> dict[str, Any]:
    """What would happen to one notice, as far as can be seen before trying."""
    offered = act.is_offered(notice, request.user)
    audience = audience_of(notice) if offered and act.needs_audience else NOBODY
    return {
        "notice": notice,
        "offered": offered,
        "sentence": act.question(notice, audience)[0]
        if offered
        else _("Will be refused: it is %(status)s, or you may not.") % {"status": notice.get_status_display().lower()},
        "seen": f"{notice.version}-{audience.total}-{digest_of(notice) if act.pinned else ''}",
        "look": reverse("admin:notices_notice_approval", args=[notice.pk]) if act.pinned else "",
    }


def _outcome(request: HttpRequest, act: Act, notice: Notice, data: dict[str, Any]) -> str:
    """Empty when it was done, else the refusal in a sentence."""
    try:
        act.run(notice, request.user, data, _seen(request, notice))
    except NoticeError as error:
        return str(error)
    except PermissionDenied:
        return _("You may not do this to “%(title)s”.") % {"title": notice}
    return ""


def _seen(request: HttpRequest, notice: Notice) -> Confirmation:
    try:
        version, people, digest = request.POST.get(f"seen-{notice.pk}", "").split("-")
        return Confirmation(int(version), int(people), digest)
    except ValueError:
        return Confirmation(-1, -1)


def _report(request: HttpRequest, act: Act, outcomes: Iterable[str]) -> None:
    """One line such as “5 published, 2 refused: …”."""
    outcomes = list(outcomes)
    refusals = [outcome for outcome in outcomes if outcome]
    line = _("%(count)d %(done)s") % {"count": len(outcomes) - len(refusals), "done": act.done}
    if refusals:
        shown = " ".join(refusals[:REFUSALS_SHOWN])
        line = _("%(line)s, %(count)d refused: %(reasons)s") % {"line": line, "count": len(refusals), "reasons": shown}
        if len(refusals) > REFUSALS_SHOWN:
            line += " " + _("And %(count)d more.") % {"count": len(refusals) - REFUSALS_SHOWN}
    else:
        line += "."
    messages.add_message(request, messages.WARNING if refusals else messages.SUCCESS, line)


def _action(slug: str, description: Any) -> Any:
    act = BY_SLUG[slug]

    @admin.action(description=description, permissions=[f"bulk_{act.verb}"])
    def action(model_admin: Any, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        return run_on_selected(model_admin, request, queryset, act)

    action.__name__ = f"{slug.replace('-', '_')}_selected"
    return action


ACTIONS = [_action(slug, BY_SLUG[slug].label) for slug in ("publish", "submit", "approve", "withdraw", "trash")]
TRASH_ACTIONS = [_action(slug, BY_SLUG[slug].label) for slug in ("restore", "destroy")]


class BulkPermissionsMixin:
    """Whether a bulk action is listed at all: whoever may do it to some notice. Each notice is asked again."""

    def has_bulk_publish_permission(self, request: HttpRequest) -> bool:
        return may_somewhere(request.user, "publish", Notice)

    def has_bulk_approve_permission(self, request: HttpRequest) -> bool:
        return may_somewhere(request.user, "approve", Notice)

    def has_bulk_change_permission(self, request: HttpRequest) -> bool:
        return may_somewhere(request.user, "change", Notice)

    def has_bulk_delete_permission(self, request: HttpRequest) -> bool:
        return may_somewhere(request.user, "delete", Notice)

    def has_bulk_restore_permission(self, request: HttpRequest) -> bool:
        return may_somewhere(request.user, "restore", Notice)

    def has_bulk_destroy_permission(self, request: HttpRequest) -> bool:
        return may_somewhere(request.user, "destroy", Notice)
