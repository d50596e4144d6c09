"""The card of the start page: what the cheap checks found, for those who may see whether everything works."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path

from backoffice.health.findings import Level
from backoffice.health.registry import checks, look_at
from backoffice.models import Heartbeat
from backoffice.permissions import may_everywhere


def urls(site: Any) -> list:
    return [path("today/health/", site.admin_view(today_health), name="today_health")]


def today_health(request: HttpRequest) -> HttpResponse:
    """A part of the page, asked for once it is shown. Nothing at all when nothing is wrong; what is worth knowing, the doctor tells."""
    if not may_everywhere(request.user, "view", Heartbeat):
        raise PermissionDenied
    seen = look_at(one for one in checks() if one.on_card)
    wrong = [finding for _one, findings in seen for finding in findings or [] if finding.level == Level.PROBLEM]
    return TemplateResponse(request, "backoffice/health.html", {"findings": wrong})
