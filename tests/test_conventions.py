"""What holds for every admin, model, task and address, read from the live registries."""

import ast
import inspect
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.urls import URLPattern, get_resolver

from audit.admin import AuditedAdmin
from backoffice.celery import app as celery
from notices.models import Attachment, ReadAcknowledgment
from notices.roles import ROLES
from tests.makers import make_category, make_draft, make_group, make_published, make_recipient

OURS = ("audit", "backoffice", "notices", "recipients")
NO_HISTORY = {
    "recipients.ImportProblem": "derived from the files and the data, with every reading",
    "recipients.ImportRow": "derived, as above; what was done stands in the history",
    "backoffice.Job": "how far work is, while it is not finished; what became of it stands with the object it is about",
    "backoffice.Heartbeat": "says only who lives now; nobody decides it, and it changes every few seconds",
    "notices.ApprovalMail": "a journal in itself: owed with a step that is on record, sent once",
    "notices.AudienceChange": "counts changes; written by triggers",
    "notices.AudienceMove": "who may have moved, until it is followed; the changes themselves have histories",
    "notices.MembershipDay": "one row: up to which day memberships that begin and end were followed",
    "notices.DeliveryEvent": "a journal in itself: written once, never changed",
    "notices.AudienceKey": "derived; rebuilt from the audience at any time",
    "notices.Claim": "who holds which mails at this moment; gone when they are reported on",
    "notices.MailServer": "what workers found in the last minutes; decides nothing for longer",
    "notices.Bounce": "a journal in itself: what servers reported, written once; the mark on the person has a history",
    "notices.Reminder": "a journal in itself: noted once; then it goes into a mail, or the row says why not",
    "notices.ReminderMail": "a journal in itself, as deliveries are",
    "notices.Delivery": "a journal in itself: states only move on, and the row says since when and why",
    "notices.UnreadCount": "derived; may be lost at any time",
    "audit.Entry": "the trail itself: append-only, written by triggers",
    "audit.AccessRecord": "the trail itself: append-only",
    "audit.Epoch": "the trail itself: append-only",
    "audit.Erasure": "the trail itself: append-only",
    "audit.ListExport": "a journal in itself: states only move on; that a file left is an access record",
    "audit.Seal": "append-only, chained and signed",
    "audit.SealFormat": "append-only",
    "audit.SealPart": "append-only",
    "audit.Verification": "how far a run is and what it found; that it ran is an access record",
    "auth.Permission": "derived from the models by every migrate",
    "contenttypes.ContentType": "derived from the models by every migrate",
    "admin.LogEntry": "not written: the trail says more",
    "signin.Session": "says only who is signed in now",
    "signin.FailureCount": "counts for minutes, under digests",
    "account.EmailAddress": "not used: allauth's, which only talks to the identity provider",
    "account.EmailConfirmation": "not used, as above",
    "socialaccount.SocialAccount": "not used, as above: who is meant is asked anew at each sign-in",
    "socialaccount.SocialApp": "not used, as above: the provider is set by the environment",
    "socialaccount.SocialToken": "not used, as above",
    "axes.AccessAttempt": "not used: failures are counted in signin.FailureCount",
    "axes.AccessAttemptExpiration": "not used, as above",
    "axes.AccessFailureLog": "not used, as above",
    "axes.AccessLog": "not used, as above",
}
# Who is signed in, who looked at evidence, and counts that need not be made again.
CHANGED_BY_ANY_REQUEST = {"signin_session", "audit_accessrecord", "notices_unreadcount"}


def concrete_models():
    for model in apps.get_models(include_auto_created=True):
        if not model._meta.proxy and not hasattr(model, "history_object"):
            yield model


@pytest.mark.parametrize("registered", admin.site._registry.values(), ids=lambda a: type(a).__name__)
def test_every_admin_derives_from_ours(registered):
    assert isinstance(registered, AuditedAdmin)


@pytest.mark.parametrize("registered", admin.site._registry.values(), ids=lambda a: type(a).__name__)
def test_no_action_changes_anything_by_get(registered):
    """unfold's row, detail and list actions run on GET; ours are pages with a confirmation."""
    for kind in ("actions_row", "actions_detail", "actions_list", "actions_submit_line"):
        assert not getattr(registered, kind, ())


def test_every_model_has_a_history_or_a_reason():
    without = {model._meta.label for model in concrete_models() if not hasattr(model, "history")}
    assert without == NO_HISTORY.keys()


@pytest.mark.parametrize("task", [t for name, t in celery.tasks.items() if not name.startswith("celery.")], ids=lambda t: t.name)
def test_every_task_has_a_name_of_its_own_and_takes_ids(task):
    assert task.name.split(".")[0] in {*OURS, "signin"}
    assert "tasks" not in task.name  # given, not derived from where the code lies
    assert all(p.annotation is int for p in inspect.signature(task.run).parameters.values())


def test_every_permission_of_a_role_exists(db):
    existing = {f"{p.content_type.app_label}.{p.codename}" for p in Permission.objects.select_related("content_type")}
    assert {name for names in ROLES.values() for name in names.split()} <= existing


def test_every_sidebar_link_leads_somewhere():
    """One that does not would make every page of the back office fail."""
    for group in settings.UNFOLD["SIDEBAR"]["navigation"]:
        for item in group["items"]:
            assert str(item["link"]).startswith("/admin/")


def test_author_html_is_marked_safe_in_one_place_only():
    users = set()
    for app in OURS:
        for path in Path(settings.BASE_DIR, app).rglob("*.py"):
            names = {node.id for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name)}
            if names & {"mark_safe", "SafeString"} and "mark_safe" in names:
                users.add(path.relative_to(settings.BASE_DIR).as_posix())
        for path in Path(settings.BASE_DIR, app).rglob("*.html"):
            assert "|safe" not in path.read_text(), path
    assert users == {"backoffice/richtext.py"}


@pytest.fixture
def one_of_each(alice, dave):
    """At least one row behind every address, all with the primary key that `ADDRESS` uses."""
    group = make_group(people=(dave,))
    recipient = make_recipient(members=(dave,))
    published = make_published(author=alice, recipients=(recipient,), groups=(group,), category=make_category())
    draft = make_draft(author=alice, people=(dave,))
    Attachment.objects.create(notice=published, name="plan.txt", file="plan.txt", size=1)
    ReadAcknowledgment.objects.create(notice=published, user=dave)
    return {"published": published, "draft": draft, "group": group, "recipient": recipient, "person": dave}


def addresses(one_of_each):
    """Every address of both sites, filled with ids that exist where the pattern takes some."""
    published, person = one_of_each["published"], one_of_each["person"]
    ids = {
        "notice_id": [published.pk],
        "file_id": [1],
        "attachment_id": [published.attachments.get().pk],
        "delivery_id": [published.delivery_set.first().pk],
        "content_type_id": [1],
        "part": [1],
        "kind": ["memberships"],
        "id": [person.pk],
        "app_label": ["notices"],
        "label": ["notices.notice"],
        "history_id": [published.history.latest("history_id").history_id],
        "url": ["nonsense/"],
        "slug": [
            "publish",
            "withdraw",
            "trash",
            "restore",
            "destroy",
            "schedule",
            "submit",
            "approve",
            "reject",
            "publish-without-approval",
            "reschedule",
            "pause",
            "resume",
            "cancel-mails",
            "take-as-arrived",
        ],
    }
    for prefix in ("admin/", "inbox/"):
        resolver = next(p for p in get_resolver().url_patterns if str(p.pattern) == prefix)
        for route, parameters in routes(resolver, "/" + prefix):
            yield from fill(route, parameters, ids | {"object_id": [thing.pk for thing in behind(route, one_of_each)]})


def behind(route, one_of_each):
    """What the number in an address may stand for: a notice where nothing says what."""
    for part, kind in (("/user/", "person"), ("/person/", "person"), ("/recipientgroup/", "group"), ("/recipient/", "recipient")):
        if part in route:
            return [one_of_each[kind]]
    return [one_of_each["published"], one_of_each["draft"]]


def routes(resolver, prefix):
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern).lstrip("^").rstrip("$").replace("\\Z", "")
        if isinstance(entry, URLPattern):
            yield route, list(entry.pattern.converters) or list(entry.pattern.regex.groupindex)
        else:
            yield from routes(entry, route)


def fill(route, parameters, ids):
    found = [route]
    for name in parameters:
        found = [fill_one(address, name, value) for address in found for value in ids[name]]
    return [address for address in found if "<" not in address and "(" not in address]


def fill_one(address, name, value):
    for start in (f"<{kind}:{name}>" for kind in ("int", "path", "slug", "str")):
        address = address.replace(start, str(value))
    return address.replace(f"<{name}>", str(value))


def test_every_address_sends_the_anonymous_to_the_sign_in(one_of_each):
    found = list(addresses(one_of_each))
    assert len(found) > 60
    for address in found:
        response = Client().get(address)
        assert response.status_code in {301, 302, 404, 405}, address  # signing out is a POST
        if response.status_code == 302:
            assert response["Location"].startswith(("/sign-in/", "/admin/login/", "/inbox/login/")) or address.endswith("logout/"), address


def tables_watched() -> set[str]:
    with connection.cursor() as cursor:
        return set(connection.introspection.table_names(cursor)) - CHANGED_BY_ANY_REQUEST


def checksum(table: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '')) FROM \"{table}\" t")
        return cursor.fetchone()[0]


def checksums() -> dict[str, str]:
    return {table: checksum(table) for table in tables_watched()}


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {table for table in before if before[table] != after[table]}
