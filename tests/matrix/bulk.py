"""Acts on several rows of a list at once: whoever may do it to one of them alone, and to no other."""

from typing import Any

from django.contrib import admin
from django.test import Client, RequestFactory

from notices.admin.acts import BY_SLUG
from tests.matrix.forms import filled, form_of
from tests.matrix.observing import SCOPES, Try
from tests.matrix.surfaces import Surface, objects_of
from tests.matrix.world import World


def bulk_acts(world: World) -> list[tuple[Any, str]]:
    """Each list with each act that a superuser can do there to several of its rows."""
    request = RequestFactory().get("/")
    request.user = world.root
    return [(registered, name) for registered in admin.site._registry.values() for name in registered.get_actions(request)]


def bulk_tries(world: World) -> list[Try]:
    """For each act what a superuser's confirmation would send, under the name of the same act on one row."""
    client, found = Client(), []
    client.force_login(world.root)
    for registered, action in bulk_acts(world):
        surface, address = _alone(registered, action), registered.own_url("changelist")
        for scope in SCOPES:
            chosen = {"action": action, "_selected_action": [str(pk) for pk in objects_of(surface, getattr(world, scope))]}
            page = client.post(address, chosen)
            fields = form_of(page.content) if page.status_code == 200 else {}
            data = filled(fields, world) | chosen
            del data["_save"]  # of a form, not of a list
            found.append(Try(surface, (scope,), address, data))
    return found


def _alone(registered: Any, action: str) -> Surface:
    if action == "delete_selected":  # Django's own
        return Surface(registered.view_name("delete"), "", ())
    slug = action.removesuffix("_selected").replace("_", "-")
    assert slug in BY_SLUG, f"{action} has no act on one row to be compared with"
    return Surface(f"admin:notices_notice_act:{slug}", "", (), slug)
