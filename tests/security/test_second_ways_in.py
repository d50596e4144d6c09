"""Holes that the libraries we stand on had, by class: the second way in, which forgets what the first one asks.

State changed by GET, and what an action asks: tests/test_conventions.py. Each list's own lookups: tests of the lists.
"""

import pytest
from django.conf import settings as django_settings
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse
from guardian.shortcuts import assign_perm
from import_export.admin import ExportMixin, ImportMixin

from notices.mail.texts import NoticeMailer
from notices.models import Attachment, Notice
from notices.services import NoticeService
from recipients.models import User
from tests.makers import make_draft, make_person, make_published
from tests.security.signing_in import HASH, signed_in
from tests.test_conventions import changed, checksums, routes

ADMINS = list(admin.site._registry.values())


def addresses() -> list[str]:
    (resolver,) = [p for p in get_resolver().url_patterns if str(p.pattern) == "admin/"]
    return [route for route, _parameters in routes(resolver, "/admin/")]


class TestHistoryOverwritten:
    """simple-history 3.13.0: whoever may see an object, or only its history, wrote the live row by POST to an old version."""

    @pytest.fixture
    def seers(self, carol, world):
        """Compliance, someone with the right to view alone, and someone who sees one object by a grant."""
        viewer, guest = make_person("viewer", staff=True), make_person("guest", staff=True)
        for thing in [thing for things in world.values() for thing in things]:
            right = f"{thing._meta.app_label}.view_{thing._meta.model_name}"
            assign_perm(right, viewer)
            if isinstance(thing, Notice):
                assign_perm(right, guest, thing)
        return [carol, viewer, guest]

    def forged(self, thing) -> dict:
        """Every field of the model, with another value."""
        return {f.name: "Forged" for f in thing._meta.concrete_fields} | {"is_active": "on", "is_superuser": "on", "confirmed": "yes"}

    def test_no_page_of_history_or_comparison_writes_what_is_posted_to_it(self, world, seers):
        clients = [signed_in(person) for person in seers]
        before = checksums()
        for client in clients:
            for name, (thing, *_others) in world.items():
                versions = [row.history_id for row in thing.history.all()[:2]] if hasattr(thing, "history") else [1]
                for address in self.addresses_of(name, thing, versions):
                    assert client.post(address, self.forged(thing)).status_code in {302, 403, 404, 405}, address
        assert changed(before, checksums()) == set()

    def addresses_of(self, name: str, thing, versions: list[int]) -> list[str]:
        found = []
        for page in ("history", "history_compare", "history_as_of", "change", "delete"):
            try:
                found.append(reverse(f"admin:{name}_{page}", args=[thing.pk]))
            except NoReverseMatch:
                continue
        base = reverse(f"admin:{name}_history", args=[thing.pk])
        found += [f"{base}{version}/" for version in versions]
        found += [f"/admin/audit/history/{thing._meta.label_lower}/{thing.pk}/{end}" for end in ("", "compare/", "as-of/")]
        if isinstance(thing, Notice):
            found += [f"/admin/notices/notice/{thing.pk}/versions/{v}/{end}/" for v in versions for end in ("take-back", "new-draft")]
        return found

    def test_the_same_posts_by_whoever_may_change_are_refused_on_the_pages_of_history_too(self, world, grace):
        draft, client = world["notices_notice"][0], signed_in(grace)
        address = reverse("admin:notices_notice_history", args=[draft.pk])
        for end in ("", f"{draft.history.latest('history_id').history_id}/"):
            client.post(address + end, self.forged(draft))
        draft.refresh_from_db()
        assert draft.title == "Draft"


class TestImportAndExport:
    """import-export 4.4: its views were open to any staff, and took the name of a file that somebody else had uploaded."""

    @pytest.mark.parametrize("registered", ADMINS, ids=lambda a: type(a).__name__)
    def test_none_of_its_classes_is_used(self, registered):
        assert not isinstance(registered, (ImportMixin, ExportMixin))
        assert not any(cls.__module__.startswith("import_export") for cls in type(registered).__mro__)

    def test_none_of_its_addresses_or_actions_is_there(self, world):
        parts = {part for route in addresses() for part in route.split("/")}
        assert not parts & {"process_import", "import-export"}
        assert [route for route in addresses() if route.endswith("/import/")] == ["/admin/recipients/import/"]  # our own list
        root = signed_in(make_person("root", staff=True, is_superuser=True))
        for name in world:
            for end in ("import/", "export/"):
                start = reverse(f"admin:{name}_changelist")
                forged = {"import_file_name": "tmp.csv", "original_file_name": "x.csv", "format": "0"}
                answer = root.post(start + end, forged, follow=True)
                # Taken for the number of an object that is not there.
                assert answer.status_code in {403, 404, 405} or answer.request["PATH_INFO"] == reverse("admin:index"), start + end
        assert not any("import_export" in getattr(view, "__module__", "") for view in self.views())

    def views(self):
        (resolver,) = [p for p in get_resolver().url_patterns if str(p.pattern) == "admin/"]
        waiting = list(resolver.url_patterns)
        while waiting:
            entry = waiting.pop()
            waiting += getattr(entry, "url_patterns", [])
            view = getattr(entry, "callback", None)
            while view is not None:
                yield view
                view = getattr(view, "__wrapped__", None)

    def test_should_one_come_in_it_asks_for_a_right(self):
        assert django_settings.IMPORT_EXPORT_IMPORT_PERMISSION_CODE == "import"
        assert django_settings.IMPORT_EXPORT_EXPORT_PERMISSION_CODE == "export"


class TestObjectPermissionPages:
    """guardian's own page lets any editor of a model grant himself whatever he likes, and records nothing."""

    def test_it_is_not_there_for_any_model(self):
        assert not [route for route in addresses() if "permissions" in route.split("/")]
        assert not any(getattr(registered, "include_object_permissions_urls", False) for registered in ADMINS)


class TestSearchOverEverything:
    """unfold's search listed titles to whoever held any right on a model, and remembered them for five minutes."""

    def test_it_lists_nothing_and_keeps_nothing(self, world):
        adder = make_person("adder", staff=True)
        assign_perm("notices.add_notice", adder)
        cache.clear()
        for person in (adder, make_person("root", staff=True, is_superuser=True)):
            client = signed_in(person)
            for parameters in ({"s": "Fire"}, {"s": "Leeds", "extended": "1"}, {"s": "notice"}):
                answer = client.get("/admin/search/", parameters, headers={"hx-request": "true"})
                assert answer.status_code == 404
                assert "Fire drill" not in answer.text
        assert cache._cache == {}  # nor does anything remember what was asked

    def test_whoever_may_only_add_sees_no_title_anywhere(self, world):
        adder = make_person("adder", staff=True)
        assign_perm("notices.add_notice", adder)
        client = signed_in(adder)
        for address in ("/admin/", reverse("admin:notices_notice_changelist"), reverse("admin:notices_notice_add")):
            assert "Fire drill" not in client.get(address, follow=True).text, address


# From each list, by every key that leads to an account.
TO_A_PASSWORD = (
    "password", "user__password", "created_by__password", "modified_by__password", "deleted_by__password", "person__password",
    "noticeadditionalrecipient__user__password", "notice__created_by__password", "roleassignment__user__password",
    "recipientgroupadditionalrecipient__user__password", "readacknowledgment__user__password", "groups__user__password",
)  # fmt: skip
WAYS = ("__startswith", "__regex", "__contains", "__gt", "__isnull", "")


class TestLookups:
    """A question in the address that a list does not offer is an oracle: `?password__startswith=p` has one answer or none."""

    def test_no_list_answers_a_question_about_a_password(self, world):
        """Every path and every way are asked of the classes below; here that the pages ask them."""
        root = signed_in(make_person("root", staff=True, is_superuser=True))
        for name in world:
            for path, way in (("password", "__startswith"), ("user__password", "__startswith"), ("created_by__password", "__gt")):
                answers = [root.get(reverse(f"admin:{name}_changelist"), {f"{path}{way}": value}) for value in (HASH, "zzz")]
                assert {answer.status_code for answer in answers} <= {302, 400}, f"{name}?{path}{way}"
                assert all(a.status_code == 400 or a["Location"].endswith("?e=1") for a in answers), f"{name}?{path}{way}"

    @pytest.mark.parametrize("registered", ADMINS, ids=lambda a: type(a).__name__)
    def test_no_list_offers_one_to_anybody(self, registered, rf):
        request = rf.get("/")
        request.user = User(is_superuser=True, is_staff=True, is_active=True)
        for path in TO_A_PASSWORD:
            for way in WAYS:
                assert not registered.lookup_allowed(path + way, HASH, request), f"{path}{way}"

    def test_the_ordering_of_a_list_tells_nothing_of_a_password(self, world):
        root = signed_in(make_person("root", staff=True, is_superuser=True))
        page = root.get(reverse("admin:recipients_user_changelist"), {"o": "1.2.3.4.5.6.7.8"})
        assert page.status_code == 200
        assert "password" not in str(page.context["cl"].queryset.query).split("ORDER BY")[1]


class TestHashes:
    """CVE-2026-113733: who might only view people read their password hashes."""

    def test_whoever_may_only_view_people_sees_no_hash_on_any_page(self, world, dave, carol):
        viewer = make_person("viewer", staff=True)
        assign_perm("recipients.view_user", viewer)
        names = ("change", "history", "history_compare", "history_as_of")
        pages = [reverse(f"admin:recipients_user_{name}", args=[dave.pk]) for name in names]
        pages += [reverse("admin:recipients_user_changelist"), reverse("admin:auth_user_password_change", args=[dave.pk])]
        for person in (viewer, carol):
            client = signed_in(person)
            shown = "".join(client.get(page, follow=True).text for page in pages)
            assert "Dave" in shown
            assert "canary" not in shown
            assert "pbkdf2" not in shown

    def test_the_field_stands_on_no_form_for_nobody(self, dave, rf):
        request = rf.get("/")
        request.user = make_person("root", staff=True, is_superuser=True)
        people = admin.site.get_model_admin(User)
        assert "password" not in flatten_fieldsets(people.get_fieldsets(request, dave))
        assert "password" not in people.get_form(request, dave, change=True).base_fields

    def test_no_history_holds_one(self, dave):
        names = {field.name for field in User.history.model._meta.get_fields()}
        assert "password" not in names


class TestHostHeader:
    """A forged Host or X-Forwarded-Host leads nobody elsewhere: links in mails come from a setting, those on pages are relative."""

    @pytest.mark.parametrize("name", ["host", "x-forwarded-host", "forwarded"])
    def test_no_page_and_no_mail_names_the_host_that_was_asked_for(self, world, alice, dave, mailbox, settings, name):
        settings.ALLOWED_HOSTS = ["testserver"]
        value = "host=evil.example" if name == "forwarded" else "evil.example"
        notices = reverse("admin:notices_notice_changelist")
        for person, address in ((alice, notices), (dave, "/inbox/"), (None, "/inbox/")):
            client = Client()
            if person:
                client.force_login(person)
            answer = client.get(address, headers={name: value})
            assert answer.status_code == (400 if name == "host" else 302 if person is None else 200), address
            assert "evil.example" not in answer.text + answer.get("Location", ""), address

    def test_a_mail_leads_to_the_address_of_the_settings(self, alice, dave, mailbox, settings):
        settings.SITE_URL = "https://notices.example.org"
        with NoticeMailer(make_draft(author=alice)) as mailer:
            assert mailer.send(7, "Dave", "dave@example.org").state == "sent"
        text = mailbox.messages[-1].get_body(["plain"]).get_content()
        assert "https://notices.example.org/inbox/notices/" in text
        assert text.count("://") == 1


class TestAttachments:
    """Served by permission, under no address that can be guessed, and never as a page of ours."""

    @pytest.fixture
    def rota(self, alice, dave, settings, tmp_path):
        settings.MEDIA_ROOT = tmp_path / "media"
        notice = make_published(author=alice, people=(dave,))
        file = ContentFile(b"<script>alert(1)</script>", name="rota.html")
        return Attachment.objects.create(notice=notice, file=file, name="rota.html", content_type="text/html", size=8)

    def ways(self, rota) -> list[str]:
        arguments = [rota.notice_id, rota.pk]
        return [reverse("inbox:attachment", args=arguments), reverse("admin:notices_notice_attachment", args=arguments)]

    def test_it_is_a_download_in_which_nothing_runs_whatever_it_claims_to_be(self, rota, alice, dave):
        inbox, back_office = self.ways(rota)
        for person, address in ((dave, inbox), (alice, back_office)):
            answer = signed_in(person).get(address)
            assert answer.getvalue()
            assert answer["Content-Disposition"] == 'attachment; filename="rota.html"'
            assert answer["X-Content-Type-Options"] == "nosniff"
            assert "sandbox" in answer["Content-Security-Policy"].split("; ")
            assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
            assert {"private", "no-store"} <= set(answer["Cache-Control"].split(", "))

    def test_readers_lose_it_with_the_notice(self, rota, alice, dave, grace):
        inbox, back_office = self.ways(rota)
        assert signed_in(dave).get(inbox).getvalue()
        NoticeService.withdraw(rota.notice_id, actor=alice, reason="Wrong rota")
        assert signed_in(dave).get(inbox).status_code == 410
        assert signed_in(grace).get(back_office).getvalue()  # evidence stays
        assert signed_in(dave).get(back_office).status_code == 302
        assert Client().get(inbox).status_code == 302

    def test_no_address_leads_to_the_file_itself(self, rota, dave, grace):
        name = rota.file.name
        for client in (signed_in(grace), signed_in(dave), Client()):
            for address in (f"/{name}", f"/media/{name}", f"/static/{name}", f"/static/../media/{name}", f"/{name.rpartition('/')[2]}"):
                assert client.get(address).status_code == 404, address
        assert len(name.rpartition("/")[2]) == 32
