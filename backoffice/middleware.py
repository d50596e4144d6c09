"""What every request needs before a view runs."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

type View = Callable[[HttpRequest], HttpResponse]


def time_zone_of_the_reader(get_response: View) -> View:
    """Show moments in the zone that the signed-in person chose, else in the organisation's."""

    def middleware(request: HttpRequest) -> HttpResponse:
        zone = getattr(request.user, "time_zone", "")
        if zone:
            with timezone.override(ZoneInfo(zone)):
                return get_response(request)
        return get_response(request)

    return middleware
