"""What every request needs before a view runs."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

type View = Callable[[HttpRequest], HttpResponse]


def no_nul_in_the_address(get_response: View) -> View:
    """Take NUL bytes out of what an address asks for: PostgreSQL holds none, so a search or filter with one could only fail."""

    def middleware(request: HttpRequest) -> HttpResponse:
        while "%00" in request.META.get("QUERY_STRING", ""):
            request.META["QUERY_STRING"] = request.META["QUERY_STRING"].replace("%00", "")
        return get_response(request)

    return middleware


def time_zone_of_the_reader(get_response: View) -> View:
    """Show moments in the zone that the signed-in person chose, else in the organisation's."""

    def middleware(request: HttpRequest) -> HttpResponse:
        zone = getattr(request.user, "time_zone", "")
        if zone:
            with timezone.override(ZoneInfo(zone)):
                return get_response(request)
        return get_response(request)

    return middleware
