"""The compliance role sees all of it and can change nothing. What comes of the forms that it is not shown: `tests/matrix`."""

from html.parser import HTMLParser

import pytest
from django.contrib import admin
from django.urls import NoReverseMatch, reverse

from audit.models import AccessRecord
from notices.models import Notice
from recipients.models import User
from tests.backoffice.test_every_list import addresses as named_addresses
from tests.backoffice.test_every_list import names
from tests.test_conventions import addresses, changed, checksums, one_of_each  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db

# To verify changes nothing that is verified: it notes that it was asked for, and what it found.
WRITTEN_BY_LOOKING = {"audit_verification"}
SIGNED_OUT = "logout"


class Forms(HTMLParser):
    """The forms of a page: method, address and the fields as they would be sent."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[tuple[str, str, dict[str, str]]] = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        fields = dict(attributes)
        if tag == "form":
            self.forms.append(((fields.get("method") or "get").lower(), fields.get("action") or "", {}))
        elif tag in {"input", "button", "textarea", "select"} and self.forms and fields.get("name"):
            value = fields.get("value") or "Changed"
            self.forms[-1][2][fields["name"]] = value


@pytest.fixture
def everything(one_of_each):  # noqa: F811
    return [address for address in addresses(one_of_each) if SIGNED_OUT not in address]


def test_no_delete_and_no_act_of_any_list_changes_a_row_for_compliance(client, carol, everything, one_of_each):  # noqa: F811
    client.force_login(carol)
    client.get(reverse("home"))
    before = checksums()
    for address in everything:
        client.delete(address)
    for registered in admin.site._registry.values():
        for data in actions(one_of_each):
            assert sends(client, registered.own_url("changelist"), data) < 500, registered
    assert changed(before, checksums()) == set()


def sends(client, address, data) -> int:
    answer = client.post(address, data)
    if answer.streaming:  # an export: its file is closed at its end
        b"".join(answer.streaming_content)
    return answer.status_code


def actions(one_of_each):  # noqa: F811
    """What a list would send for a bulk action of each name that some list of ours has."""
    found = {action.name for registered in admin.site._registry.values() for action in registered._get_base_actions()}
    for name in found | {"delete_selected"}:
        yield {"action": name, "_selected_action": [str(one_of_each["published"].pk), str(one_of_each["draft"].pk)], "post": "yes"}


def test_what_she_may_write_by_what_she_is_shown_is_that_she_looked_and_that_she_verified(client, carol, everything):
    client.force_login(carol)
    client.get(reverse("home"))
    before = checksums()
    pages = {address: client.get(address) for address in everything}
    assert AccessRecord.objects.filter(user=carol).exists()
    assert changed(before, checksums()) == set()
    sent = 0
    for address, page in pages.items():
        if address.startswith("/inbox/") or "password" in address or page.status_code != 200 or "html" not in page["Content-Type"]:
            continue
        for method, action, fields in Forms(page.content.decode()).forms:
            if method == "post" and SIGNED_OUT not in action and "sign-out" not in action:
                sent += 1
                assert sends(client, action or address, fields) < 500, (address, action)
    assert sent
    assert changed(before, checksums()) <= WRITTEN_BY_LOOKING


def test_she_sees_all_of_it(client, carol, one_of_each):  # noqa: F811
    client.force_login(carol)
    notice = one_of_each["published"]
    pages = [
        reverse("admin:audit_entry_changelist"),
        reverse("admin:audit_seals"),
        reverse("admin:audit_access"),
        reverse("admin:audit_review"),
        reverse("admin:audit_review_thing", args=["notices.notice", notice.pk]),
        reverse("admin:notices_trashednotice_changelist"),
        reverse("admin:auth_group_changelist"),
    ]
    pages += [reverse(f"admin:notices_notice_{tab}", args=[notice.pk]) for tab in ("change", "audience", "delivery", "readers", "history")]
    for kind, thing in (("recipient", "recipient"), ("recipientgroup", "group"), ("user", "person")):
        pages += [reverse(f"admin:recipients_{kind}_{page}", args=[one_of_each[thing].pk]) for page in ("change", "history")]
    for page in pages:
        assert client.get(page).status_code == 200, page
    dashboard = client.get(reverse("admin:index")).content.decode()
    for entry in ("audit_entry_changelist", "audit_seals", "audit_access"):
        assert reverse(f"admin:{entry}") in dashboard


def test_the_views_of_the_libraries_are_not_there(client, carol, one_of_each, settings):  # noqa: F811
    """simple-history's revert, guardian's object permissions, import and export of import-export, Django's log."""
    found = {name for name, _count in names()}
    for name in found:
        for end in ("simple_history", "permissions", "permissions_manage_user", "permissions_manage_group", "import", "process_import"):
            assert not name.endswith(f"_{end}"), name
        assert not name.endswith("_export") or name.startswith("audit_") or name == "recipients_user_export", name  # pages of ours
    client.force_login(carol)
    notice, version = one_of_each["published"], one_of_each["published"].history.latest("history_id")
    for path in (f"history/{version.history_id}/", "permissions/", "permissions/user-manage/1/", "import/", "export/", "delete/"):
        for address in (f"/admin/notices/notice/{notice.pk}/{path}", f"/admin/notices/notice/{path}"):
            for answer in (client.get(address), client.post(address, {"title": "Changed"})):
                assert answer.status_code in {302, 403, 404, 405}, address
    assert settings.SIMPLE_HISTORY_REVERT_DISABLED
    assert Notice.objects.get(pk=notice.pk).title == notice.title


@pytest.mark.parametrize("field", ["is_superuser", "is_staff", "groups"])
def test_she_cannot_make_herself_more(client, carol, field):
    client.force_login(carol)
    answer = client.post(reverse("admin:recipients_user_change", args=[carol.pk]), {"username": "carol", field: "1"})
    assert answer.status_code in {302, 403}
    again = User.objects.get(pk=carol.pk)
    assert not again.is_superuser
    assert [role.name for role in again.groups.all()] == ["Compliance"]


def test_every_name_leads_somewhere(one_of_each):  # noqa: F811
    found = {name for name, _address in named_addresses(one_of_each["published"])}
    assert "audit_export" in found
    with pytest.raises(NoReverseMatch):
        reverse("admin:notices_notice_simple_history", args=[1, 1])
