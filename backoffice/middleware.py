"""What every request needs before a view runs."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import patch_cache_control

type View = Callable[[HttpRequest], HttpResponse]

# What no page of ours asks a browser for, so that no script could.
PERMISSIONS_POLICY = ", ".join(f"{feature}=()" for feature in ("camera", "geolocation", "microphone", "payment", "usb"))


def no_devices(get_response: View) -> View:
    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        return response

    return middleware


def nothing_private_is_stored(get_response: View) -> View:
    """What somebody who is signed in was sent stays out of every cache, error pages and redirects too."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.user.is_authenticated and "Cache-Control" not in response:
            patch_cache_control(response, private=True, no_store=True)
        return response

    return middleware


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
