"""The *Today* page: what needs me and what comes next; then, asked for by the page, what is stuck, what is late, and two charts.

Only what the person may see is shown or counted. What is dear to count is kept for a minute, and
only where it holds for everyone who sees everything.
"""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path

from backoffice.models import Heartbeat
from backoffice.permissions import may_everywhere, may_somewhere
from notices.dashboard import progress
from notices.dashboard.addresses import failing_addresses, people_to_mend
from notices.dashboard.attention import ADDRESSES, Attention
from notices.dashboard.charts import charts
from notices.dashboard.sight import Sight
from notices.models import Notice
from recipients.models import RecipientGroup
from recipients.repositories import ImportRepository


def urls(site: admin.AdminSite) -> list:
    """For `BackofficeSite.add_pages`."""
    return [path("today/progress/", site.admin_view(today_progress), name="today_progress")]


def today(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """unfold's dashboard callback."""
    user = request.user
    context = context | {"sees_health": may_everywhere(user, "view", Heartbeat)}
    if not may_somewhere(user, "view", Notice):
        keeps_audiences = may_everywhere(user, "change", RecipientGroup)
        people = people_to_mend(user)
        own = {
            "imports": ImportRepository.waiting_for(user),
            "failing_addresses": None if people is None else failing_addresses(people.count()),
        }
        return context | {"sees_notices": False, "keeps_audiences": keeps_audiences} | own
    sight = Sight(user)
    attention = Attention(sight)
    figures = attention.figures()
    return context | {
        "sees_notices": True,
        "may_write": may_somewhere(user, "add", Notice),
        "has_notices": any(figure.number for figure in figures) or sight.notices().exists(),
        "figures": figures,
        "failing_addresses": failing_addresses(attention.numbers.get(ADDRESSES, 0)),
        "sections": attention.sections(),
    }


def today_progress(request: HttpRequest) -> HttpResponse:
    """A part of the page."""
    if not may_somewhere(request.user, "view", Notice):
        raise PermissionDenied
    sight = Sight(request.user)
    return TemplateResponse(request, "notices/admin/today_progress.html", {"sections": progress.sections(sight), "charts": charts(sight)})
