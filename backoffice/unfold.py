"""What unfold's pages look like, and the sidebar: grouped by what people do, shown by role."""

from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _


def _may(verb: str, model: str):
    """A sidebar entry is shown to whoever may do `verb` to some object of `model` ("notices.Notice")."""

    def permitted(request) -> bool:
        from django.apps import apps  # noqa: PLC0415 - settings are read before the apps are

        from backoffice.permissions import may_somewhere  # noqa: PLC0415

        return may_somewhere(request.user, verb, apps.get_model(model))

    return permitted


def _item(title, icon: str, view: str, permission, **more) -> dict:
    return {"title": title, "icon": icon, "link": reverse_lazy(view), "permission": permission, **more}


UNFOLD = {
    "SITE_TITLE": _("Staff notices"),
    "SITE_HEADER": _("Staff notices"),
    "SITE_SYMBOL": "campaign",
    "SITE_URL": reverse_lazy("inbox:index"),
    "SHOW_HISTORY": False,  # the History tab of each page shows it
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "8px",
    "COLORS": {
        "primary": {
            "50": "#eff6ff", "100": "#dbeafe", "200": "#bfdbfe", "300": "#93c5fd", "400": "#60a5fa", "500": "#3b82f6",
            "600": "#2563eb", "700": "#1d4ed8", "800": "#1e40af", "900": "#1e3a8a", "950": "#172554",
        },
    },  # fmt: skip
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("backoffice/favicon.svg")}],
    "STYLES": [lambda request: static("backoffice/backoffice.css")],
    "SCRIPTS": [lambda request: static("backoffice/backoffice.js")],
    "DASHBOARD_CALLBACK": "notices.dashboard.today",
    "SIDEBAR": {
        "show_search": False,
        "navigation": [
            {
                "title": _("Work"),
                "items": [
                    _item(_("Today"), "today", "admin:index", lambda request: True),
                    _item(_("Notices"), "campaign", "admin:notices_notice_changelist", _may("view", "notices.Notice")),
                    _item(_("Trash"), "delete", "admin:notices_trashednotice_changelist", _may("view", "notices.Notice")),
                ],
            },
            {
                "title": _("Audience"),
                "items": [
                    _item(_("People"), "person", "admin:recipients_user_changelist", _may("view", "recipients.User")),
                    _item(_("Recipients"), "apartment", "admin:recipients_recipient_changelist", _may("view", "recipients.Recipient")),
                    _item(_("Groups"), "groups", "admin:recipients_recipientgroup_changelist", _may("view", "recipients.RecipientGroup")),
                ],
            },
            {
                "title": _("Set-up"),
                "items": [
                    _item(_("Categories"), "sell", "admin:notices_category_changelist", _may("view", "notices.Category")),
                    _item(_("Roles"), "badge", "admin:auth_group_changelist", _may("view", "auth.Group")),
                ],
            },
        ],
    },
}
