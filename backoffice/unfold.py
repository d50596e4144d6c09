"""What unfold's pages look like, and the sidebar: grouped by what people do, shown by role."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse, reverse_lazy
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

type Permission = Callable[[HttpRequest], bool]


def _may(verb: str, model: str) -> Permission:
    """A sidebar entry is shown to whoever may do `verb` to some object of `model` ("notices.Notice")."""

    def permitted(request: HttpRequest) -> bool:
        from django.apps import apps  # noqa: PLC0415 - settings are read before the apps are

        from backoffice.permissions import may_somewhere  # noqa: PLC0415

        return may_somewhere(request.user, verb, apps.get_model(model))

    return permitted


def _either(*permissions: Permission) -> Permission:
    return lambda request: any(permitted(request) for permitted in permissions)


def _everyone(request: HttpRequest) -> bool:
    return True


def _static(name: str) -> Callable[[HttpRequest], str]:
    return lambda _request: static(name)


# unfold's template asks for these many times; to find that there is no such thing takes Django longer than to read that it is off.
PLAIN_GROUP = {"collapsible": False, "separator": False}
PLAIN_ITEM = {"link_callback": None, "link_attrs": None, "icon_template": None}


def _item(title: Any, icon: str, view: str, permission: Permission | str) -> dict[str, Any]:
    """A permission by its dotted name is one of an app that the base does not know."""
    link = SimpleLazyObject(partial(reverse, view))  # found once for each page; `reverse_lazy` would each time that unfold looks at it
    return PLAIN_ITEM | {"title": title, "icon": icon, "link": link, "permission": permission}


# fmt: off
PRIMARY = {
    "50": "#eff6ff", "100": "#dbeafe", "200": "#bfdbfe", "300": "#93c5fd", "400": "#60a5fa", "500": "#3b82f6",
    "600": "#2563eb", "700": "#1d4ed8", "800": "#1e40af", "900": "#1e3a8a", "950": "#172554",
}
# fmt: on

UNFOLD = {
    "SITE_TITLE": _("Staff notices"),
    "SITE_HEADER": _("Staff notices"),
    "SITE_SYMBOL": "campaign",
    "SITE_URL": reverse_lazy("inbox:index"),
    "SHOW_HISTORY": False,  # the History tab of each page shows it
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "8px",
    "COLORS": {"primary": PRIMARY},
    "ACCOUNT": {
        "navigation": [
            {"title": _("Password"), "link": reverse_lazy("admin:password_change")},
            {"title": _("Second step"), "link": reverse_lazy("two_factor")},
            {"title": _("Where you are signed in"), "link": reverse_lazy("sessions")},
        ],
    },
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _static("backoffice/favicon.svg")}],
    "STYLES": [
        _static("backoffice/backoffice.css"),
        _static("backoffice/richtext.css"),
        _static("audit/history.css"),
        _static("audit/timeline.css"),
    ],
    "SCRIPTS": [_static("backoffice/backoffice.js"), _static("backoffice/draft.js")],
    "DASHBOARD_CALLBACK": "notices.dashboard.today",
    "SIDEBAR": {
        "show_search": False,
        "navigation": [
            {
                **PLAIN_GROUP,
                "title": _("Work"),
                "items": [
                    _item(_("Today"), "today", "admin:index", _everyone),
                    _item(_("Notices"), "campaign", "admin:notices_notice_changelist", _may("view", "notices.Notice")),
                    _item(
                        _("Approvals"),
                        "approval",
                        "admin:notices_approvals",
                        _either(_may("approve", "notices.Notice"), _may("change", "notices.Notice")),
                    ),
                    _item(_("Trash"), "delete", "admin:notices_trashednotice_changelist", _may("view", "notices.Notice")),
                    _item(_("Exports"), "download", "admin:exports", "audit.pages.list_exports.may_open"),
                ],
            },
            {
                **PLAIN_GROUP,
                "title": _("Audience"),
                "items": [
                    _item(_("People"), "person", "admin:recipients_user_changelist", _may("view", "recipients.User")),
                    _item(_("Recipients"), "apartment", "admin:recipients_recipient_changelist", _may("view", "recipients.Recipient")),
                    _item(
                        _("Who belongs where"),
                        "link",
                        "admin:recipients_roleassignment_changelist",
                        _may("view", "recipients.RoleAssignment"),
                    ),
                    _item(_("Groups"), "groups", "admin:recipients_recipientgroup_changelist", _may("view", "recipients.RecipientGroup")),
                    _item(_("Imports"), "upload_file", "admin:recipients_import_changelist", _may("view", "recipients.Import")),
                ],
            },
            {
                **PLAIN_GROUP,
                "title": _("Compliance"),
                "items": [
                    _item(_("Timeline"), "timeline", "admin:audit_entry_changelist", _may("view", "audit.Entry")),
                    _item(_("Seals"), "verified_user", "admin:audit_seals", _may("view", "audit.Seal")),
                    _item(_("Access"), "policy", "admin:audit_access", _may("view", "audit.AccessRecord")),
                ],
            },
            {
                **PLAIN_GROUP,
                "title": _("Set-up"),
                "items": [
                    _item(_("Categories"), "sell", "admin:notices_category_changelist", _may("view", "notices.Category")),
                    _item(_("Roles"), "badge", "admin:auth_group_changelist", _may("view", "auth.Group")),
                ],
            },
        ],
    },
}
