"""From which address a request comes: the connection's, unless proxies of ours stand in between."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest

IPV6_HOME = 64  # bits: one customer has at least as many addresses as the rest allows


def client_address(request: HttpRequest) -> str:
    """The address that the outermost proxy of ours saw. What stands left of it in the header anyone may have written."""
    seen = request.META.get("REMOTE_ADDR", "")
    depth = settings.TRUSTED_PROXIES
    if depth:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        if len(forwarded) >= depth:
            seen = forwarded[-depth].strip()
    try:
        return str(ipaddress.ip_address(seen))
    except ValueError:
        return ""


def network(address: str) -> str:
    """What counts as one place. With IPv6 that is a network, because a single machine has addresses without end."""
    if ":" not in address:
        return address
    return str(ipaddress.ip_network(f"{address}/{IPV6_HOME}", strict=False))
