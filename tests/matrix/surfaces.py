"""Every address of the project, read from the live URL configuration, and how to fill it with what is in the world."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.urls import URLPattern, get_resolver

from audit.models import Entry
from notices.admin.acts import BY_SLUG
from notices.models import Notice
from notices.pinning import digest_of
from tests.matrix.world import Scope

ABSENT = 10**9
WRONG = ("abc", "1/../2", "%00", str(10**20))


@dataclass(frozen=True, slots=True)
class Surface:
    name: str
    route: str
    parameters: tuple[str, ...]
    slug: str = ""  # of an act: each is a surface of its own


SIGNS_OUT = "logout"


@cache
def surfaces() -> list[Surface]:
    """All but the way out."""
    return [one for name, route, parameters in _walk(get_resolver(), "/", "") for one in _each_act(name, route, parameters)]


def _walk(resolver: Any, prefix: str, namespace: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if not isinstance(entry, URLPattern):
            yield from _walk(entry, route, ":".join(filter(None, (namespace, entry.namespace))))
        elif entry.name and not entry.name.endswith(
            SIGNS_OUT
        ):  # those without are Django's redirects from old addresses, and the 404 at the end
            yield f"{namespace}:{entry.name}".lstrip(":"), route, tuple(entry.pattern.converters or entry.pattern.regex.groupindex)


def _each_act(name: str, route: str, parameters: tuple[str, ...]) -> Iterator[Surface]:
    if name.endswith("_act"):
        yield from (Surface(f"{name}:{slug}", route, parameters, slug) for slug in BY_SLUG)
    else:
        yield Surface(name, route, parameters)


OBJECTS = ("object_id", "notice_id", "id")


def fill(surface: Surface, scope: Scope) -> list[str]:
    """The addresses that lead to what is in `scope`; several where a notice may be in several states."""
    choices = [_values(surface, parameter, scope) for parameter in surface.parameters]
    filled = [dict(zip(surface.parameters, values, strict=True)) for values in product(*choices)]
    return [_put(surface, values) + _pinned(surface, values, scope) for values in filled]


def _pinned(surface: Surface, values: dict[str, Any], scope: Scope) -> str:
    """A decision is about what was seen: its address says what that was."""
    if not surface.slug or not BY_SLUG[surface.slug].pinned:
        return ""
    notice = next(notice for notice in scope.notices.values() if notice.pk == values["object_id"])
    notice.refresh_from_db()
    return f"?version={notice.version}&digest={digest_of(notice)}"


def fill_with(surface: Surface, value: Any, scope: Scope) -> str:
    """The first address with another object: `value` may be a number that nothing has, or no number at all."""
    found = {parameter: _values(surface, parameter, scope)[0] for parameter in surface.parameters}
    return _put(surface, found | {next(p for p in surface.parameters if p in OBJECTS): value})


def hidden_object(surface: Surface, scope: Scope) -> Any:
    return objects_of(surface, scope)[0]


def page_of_the_object(surface: Surface) -> str:
    """The surface that opens for whoever may see the object at all."""
    kinds = (
        "notices_category",
        "recipients_recipientgroup",
        "recipients_recipient",
        "recipients_roleassignment",
        "recipients_user",
        "recipients_import",
    )
    name = surface.name.removeprefix("admin:").replace("auth_user", "recipients_user")
    name = {"export_recipient_people": "recipients_recipient", "export_group_people": "recipients_recipientgroup"}.get(name, name)
    for kind in (*kinds, "auth_group", "audit_entry"):
        if name.startswith(kind):
            return f"admin:{kind}_change"
    return "inbox:notice" if surface.name.startswith("inbox:") else "admin:notices_notice_change"


def takes_an_object(surface: Surface) -> bool:
    return any(parameter in OBJECTS for parameter in surface.parameters)


def _values(surface: Surface, parameter: str, scope: Scope) -> list[Any]:
    if parameter == "history_id":
        return [scope.notices["published"].history.latest("history_id").history_id]
    constant = {
        "attachment_id": [scope.attachment.pk],
        "delivery_id": [scope.mail.pk],
        "file_id": [scope.added_file.pk],
        "label": ["notices.notice"],
        "content_type_id": [ContentType.objects.get_for_model(Notice).pk],
        "app_label": ["notices"],
        "slug": [surface.slug or f"person-{_grant(surface, scope)}"],
        "uidb64": ["MQ"],
        "token": ["set-password"],
        "part": [1],
        "kind": ["memberships"],
    }
    return constant[parameter] if parameter in constant else objects_of(surface, scope)


def objects_of(surface: Surface, scope: Scope) -> list[Any]:
    name = surface.name.removeprefix("admin:")
    if name.startswith("audit_entry"):
        return [_entry(scope).pk]
    of_published = ("attachment", "amend", "take_back", "new_draft", "_mail_", "readdress")
    if any(part in name for part in of_published) or surface.name.startswith("inbox:"):
        return [scope.notices["published"].pk]
    for start, objects in (
        ("export_recipient_people", [scope.recipient]),
        ("export_group_people", [scope.group]),
        ("notices_notice_access", [scope.notices["draft"]]),
        ("notices_notice", list(scope.notices.values())),
        ("notices_trashednotice", [scope.notices["trash"]]),
        ("notices_category_delete", [scope.unused_category]),
        ("notices_category", [scope.category]),
        ("recipients_import", [scope.spreadsheet]),
        ("recipients_recipientgroup_restore", [scope.trashed_group]),
        ("recipients_recipientgroup", [scope.group]),
        ("recipients_recipient", [scope.recipient]),
        ("recipients_roleassignment", [scope.assignment]),
        ("recipients_user", [scope.member]),
        ("auth_user", [scope.member]),
        ("auth_group", [scope.role]),
        ("audit_review_person", [scope.member]),
        ("", list(scope.notices.values())),
    ):
        if name.startswith(start):
            return [thing.pk for thing in objects]
    raise AssertionError(name)


def _entry(scope: Scope) -> Entry:
    return Entry.objects.filter(model="notices.notice", object_id=scope.notices["draft"].pk).earliest("pk")


def _grant(surface: Surface, scope: Scope) -> int:
    """The right on the thing behind an Access page that can be taken away."""
    kind = surface.name.removeprefix("admin:").removesuffix("_access_revoke")
    return scope.grants.get(kind, 0)


def _put(surface: Surface, values: dict[str, Any]) -> str:
    address = surface.route
    for name, value in values.items():
        for converter in ("int", "path", "slug", "str"):
            address = address.replace(f"<{converter}:{name}>", str(value))
        address = address.replace(f"<{name}>", str(value))
    if "^" in address:  # Django's list of one app
        address = f"/admin/{values['app_label']}/"
    return address
