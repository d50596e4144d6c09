"""The inbox through its addresses: what it shows to whom, and what each act changes."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from notices.inbox import queries
from notices.inbox.filters import read_cursor, write_cursor
from notices.models import Attachment, Delivery, Favourite, Notice, ReadAcknowledgment
from notices.models.notice import today
from notices.repositories import InboxCursor, NoticeRepository
from notices.services import NoticeService
from tests.makers import PASSWORD, make_category, make_draft, make_person, make_published, make_recipient

INDEX = "/inbox/"
BY_SCRIPT = {"X-Requested-With": "fetch"}
STRICT = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
}


@pytest.fixture
def leeds(dave, erin):
    return make_recipient("Site Leeds", members=(dave, erin))


@pytest.fixture
def drill(alice, leeds):
    """Addressed to dave and erin, to be acknowledged."""
    return make_published(author=alice, recipients=(leeds,), requires_acknowledgement=True)


@pytest.fixture
def rota(drill):
    return Attachment.objects.create(
        notice=drill, file=ContentFile(b"who,when", name="x"), name="Rota “May”.csv", content_type="text/csv", size=8, sha256="0" * 64
    )


@pytest.fixture
def reader(dave):
    return signed_in(dave)


@pytest.fixture
def oscar(db):
    """Someone whom no notice addresses."""
    return make_person("oscar")


@pytest.fixture
def stranger(oscar):
    return signed_in(oscar)


def signed_in(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def page_of(notice) -> str:
    return reverse("inbox:notice", args=[notice.pk])


def act(notice, name: str) -> str:
    return reverse(f"inbox:{name}", args=[notice.pk])


def titles(response) -> list[str]:
    return [row.notice.title for row in response.context["rows"]]


def publish_many(count: int, *, author, recipient) -> list[Notice]:
    """Published a minute apart, the first of the list last."""
    made = [make_published(f"Notice {n}", author=author, recipients=(recipient,)) for n in range(count)]
    for n, notice in enumerate(made):
        published_at = timezone.now() - timedelta(minutes=n)
        Notice.objects.filter(pk=notice.pk).update(published_at=published_at)
        notice.audiencekey_set.update(published_at=published_at)
    return made


def everything_stored() -> dict[str, int]:
    models = (ReadAcknowledgment, ReadAcknowledgment.history.model, Favourite, Favourite.history.model, Delivery, Notice.history.model)
    return {model.__name__: model.objects.count() for model in models}


# -- Reading --------------------------------------------------------------------------------------
def test_looking_changes_nothing(reader, drill, rota):
    before = everything_stored()

    for address in (INDEX, page_of(drill), "/inbox/account/", f"{INDEX}?q=drill"):
        assert reader.get(address).status_code == 200
        assert reader.head(address).status_code == 200
    assert reader.get(f"{page_of(drill)}attachments/{rota.pk}/").getvalue()

    assert everything_stored() == before


@pytest.mark.parametrize("name", ["opened", "acknowledge", "favourite"])
def test_acts_refuse_to_be_followed_as_links(reader, drill, name):
    assert reader.get(act(drill, name)).status_code == 405


def test_an_act_needs_the_token_of_a_page(dave, drill):
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(dave)

    assert careful.post(act(drill, "opened"), {"revision": 1}).status_code == 403
    assert not ReadAcknowledgment.objects.exists()


def test_opened_twice_is_once_and_tells_the_unread_count(reader, dave, drill):
    first = reader.post(act(drill, "opened"), {"revision": 1}, headers=BY_SCRIPT)
    kept = ReadAcknowledgment.objects.get(user=dave).read_at
    again = reader.post(act(drill, "opened"), {"revision": 1}, headers=BY_SCRIPT)

    assert (first.status_code, first["X-Unread-Count"]) == (again.status_code, again["X-Unread-Count"]) == (204, "0")
    assert ReadAcknowledgment.objects.get(user=dave).read_at == kept


def test_without_scripts_a_button_marks_as_read_and_leads_back(reader, drill):
    assert "<noscript><button" in reader.get(page_of(drill)).text

    response = reader.post(act(drill, "opened"), {"revision": 1}, follow=True)

    assert response.redirect_chain == [(page_of(drill), 302)]
    assert "Mark as read" not in response.text


def test_a_page_left_lying_does_not_open_what_it_never_showed(reader, dave, drill):
    Notice.objects.filter(pk=drill.pk).update(revision=2)

    assert reader.post(act(drill, "opened"), {"revision": 1}, headers=BY_SCRIPT).status_code == 409
    assert not ReadAcknowledgment.objects.exists()
    assert reader.post(act(drill, "opened"), {"revision": 2}, headers=BY_SCRIPT).status_code == 204  # same set-up


def test_opening_is_not_acknowledging(reader, dave, drill):
    reader.post(act(drill, "opened"), {"revision": 1}, headers=BY_SCRIPT)
    assert ReadAcknowledgment.objects.get(user=dave).acknowledged_at is None
    assert "I have read and understood this notice" in reader.get(page_of(drill)).text

    page = reader.post(act(drill, "acknowledge"), {"revision": 1}, follow=True).text

    assert ReadAcknowledgment.objects.get(user=dave).acknowledged_at
    assert "You acknowledged this on" in page
    assert "I have read and understood this notice" not in page


def test_acknowledging_implies_opening(reader, dave, drill):
    reader.post(act(drill, "acknowledge"), {"revision": 1})

    reading = ReadAcknowledgment.objects.get(user=dave)
    assert reading.read_at <= reading.acknowledged_at


@pytest.mark.parametrize("shown", ["1", "", "x", "99999999999999999999", "²"])
def test_only_the_revision_that_was_shown_can_be_acknowledged(reader, drill, shown):
    Notice.objects.filter(pk=drill.pk).update(revision=2)

    response = reader.post(act(drill, "acknowledge"), {"revision": shown}, follow=True)

    assert "“Fire drill” was changed since you opened it." in response.text
    assert not ReadAcknowledgment.objects.exists()


def test_a_changed_notice_recalls_the_earlier_acknowledgement(reader, dave, drill):
    NoticeService.acknowledge(drill, dave)
    Notice.objects.filter(pk=drill.pk).update(revision=2)
    drill.audiencekey_set.update(revision=2)

    page = reader.get(page_of(drill)).text

    assert "You acknowledged an earlier version on" in page
    assert "I have read and understood this notice" in page
    assert [row.due.text for row in reader.get(INDEX).context["rows"]] == ["To acknowledge"]


def test_a_notice_that_asks_nothing_shows_no_panel(reader, alice, leeds):
    menu = make_published("Canteen menu", author=alice, recipients=(leeds,))

    assert "I have read and understood" not in reader.get(page_of(menu)).text
    assert "does not ask to be acknowledged" in reader.post(act(menu, "acknowledge"), {"revision": 1}, follow=True).text


# -- Who ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["notice", "opened", "acknowledge", "favourite", "attachment"])
def test_someone_not_addressed_gets_what_an_unknown_number_gets(reader, stranger, drill, rota, name):
    def ask(client, number):
        address = reverse(f"inbox:{name}", args=[number, rota.pk] if name == "attachment" else [number])
        looks = name in {"notice", "attachment"}
        response = client.get(address) if looks else client.post(address, {"revision": 1, "favourite": 1})
        return response.status_code, response.getvalue().decode()

    refused, unknown, huge = ask(stranger, drill.pk), ask(stranger, drill.pk + 1000), ask(stranger, 10**30)

    assert {refused[0], unknown[0], huge[0]} == {404}
    assert without_tokens(refused[1]) == without_tokens(unknown[1])
    assert "Fire drill" not in refused[1]
    assert not ReadAcknowledgment.objects.exists()
    assert not Favourite.objects.exists()
    assert ask(reader, drill.pk)[0] in {200, 302}  # same set-up


def without_tokens(page: str) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page)


def test_an_attachment_is_a_download_under_its_own_name(reader, drill, rota):
    response = reader.get(f"{page_of(drill)}attachments/{rota.pk}/")

    assert response.getvalue() == b"who,when"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Disposition"].startswith("attachment; filename*=utf-8''Rota")
    assert "no-store" in response["Cache-Control"]


def test_an_attachment_of_another_notice_is_not_found(reader, stranger, oscar, drill, rota):
    other = make_published("Other", author=drill.created_by, people=(oscar,))

    assert stranger.get(f"{page_of(other)}attachments/{rota.pk}/").status_code == 404
    rota.file.delete(save=False)
    assert reader.get(f"{page_of(drill)}attachments/{rota.pk}/").status_code == 404  # its file is missing


def test_a_deactivated_account_is_out(reader, dave, drill):
    assert reader.get(INDEX).status_code == 200
    dave.is_active = False
    dave.save()

    assert reader.get(INDEX).status_code == 302
    assert reader.post(act(drill, "opened"), {"revision": 1}).status_code == 302
    assert not ReadAcknowledgment.objects.exists()
    assert Client().post("/sign-in/", {"username": "dave", "password": PASSWORD}).status_code == 200  # the form again


def test_the_link_of_a_mail_leads_through_the_sign_in_to_the_notice(dave, drill):
    anonymous = Client()
    sign_in = anonymous.get(f"{page_of(drill)}?from=mail", follow=True)
    where = sign_in.request["PATH_INFO"]
    assert where == "/sign-in/"
    assert f'name="next" value="{page_of(drill)}?from=mail"' in unescape(sign_in.text)

    form = {"username": "dave", "password": PASSWORD, "next": sign_in.context["next"]}
    landed = anonymous.post(where, form, follow=True)

    assert landed.request["PATH_INFO"] == page_of(drill)
    assert landed.context["notice"] == drill


def test_sign_in_never_leads_to_another_host(dave):
    response = Client().post("/sign-in/", {"username": "dave", "password": PASSWORD, "next": "https://evil.example/"})

    assert response["Location"] == reverse("home")


def test_whoever_is_signed_in_goes_on_to_the_page_that_was_asked_for(reader, drill):
    assert reader.get("/sign-in/", {"next": page_of(drill)})["Location"] == page_of(drill)
    assert reader.get("/sign-in/")["Location"] == reverse("home")


def test_a_reader_in_the_back_office_is_told_why_not_and_where_to_go(reader, bob):
    response = reader.get("/admin/", follow=True)

    assert response.request["PATH_INFO"] == "/sign-in/"
    assert "You are signed in as Dave Tester (dave)" in response.text
    assert f'href="{INDEX}"' in response.text
    assert 'value="/sign-in/?next=/admin/"' in response.text  # of the sign-out form: the next account goes there
    assert signed_in(bob).get("/admin/").status_code == 200


def test_only_staff_see_the_way_to_the_back_office(reader, bob):
    assert 'href="/admin/"' in signed_in(bob).get(INDEX).text
    assert 'href="/admin/"' not in reader.get(INDEX).text


# -- Gone -----------------------------------------------------------------------------------------
def test_a_withdrawn_notice_says_so_to_those_who_had_it_and_to_nobody_else(reader, stranger, alice, dave, drill):
    NoticeService.acknowledge(drill, dave)
    NoticeService.withdraw(drill.pk, actor=alice)

    response = reader.get(page_of(drill))

    assert response.status_code == 410
    assert "This notice was withdrawn on" in response.text
    assert "You acknowledged it on" in response.text
    assert "Fire drill" not in response.text  # its title may be the next draft's by now
    assert reader.post(act(drill, "acknowledge"), {"revision": 1}).status_code == 410
    assert stranger.get(page_of(drill)).status_code == 404


def test_an_ended_notice_says_so_to_whoever_was_told_of_it(reader, drill):
    yesterday = today() - timedelta(days=1)
    Notice.objects.filter(pk=drill.pk).update(start_date=yesterday, end_date=yesterday)

    response = reader.get(page_of(drill))

    assert response.status_code == 410
    assert "This notice ended on" in response.text


def test_a_notice_of_a_later_day_names_the_day(reader, drill):
    Notice.objects.filter(pk=drill.pk).update(start_date=today() + timedelta(days=1))

    assert "This notice will be on show from" in reader.get(page_of(drill)).text


def test_whoever_moved_away_reads_that_the_notice_is_not_theirs_any_more(reader, dave, drill):
    dave.roleassignment_set.all().delete()

    response = reader.get(page_of(drill))

    assert response.status_code == 404
    assert "no longer addressed to you" in response.text


def test_a_draft_is_unknown_to_those_it_will_address(reader, alice, leeds):
    assert reader.get(page_of(make_draft(author=alice, recipients=(leeds,)))).status_code == 404


# -- The list -------------------------------------------------------------------------------------
def test_unread_come_first_and_the_newest_of_them(reader, alice, dave, leeds):
    newest, middle, _oldest = publish_many(3, author=alice, recipient=leeds)
    NoticeService.mark_as_read(newest, dave)

    response = reader.get(INDEX)

    assert titles(response) == ["Notice 1", "Notice 2", "Notice 0"]
    assert [row.heading for row in response.context["rows"]] == ["Unread", "", "Read"]
    assert middle.title in response.text


@pytest.fixture
def small_pages(monkeypatch):
    monkeypatch.setattr(queries, "PAGE_SIZE", 8)


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("query", ["", "?q=notice"])
def test_pages_give_every_notice_exactly_once_and_in_order(reader, alice, dave, leeds, query):
    made = publish_many(35, author=alice, recipient=leeds)
    read = made[::3]
    for notice in read:
        NoticeService.mark_as_read(notice, dave)
    expected = [n.title for n in made if n not in read] + [n.title for n in read]

    seen, headings, address = [], [], INDEX + query
    while address:
        response = reader.get(address)
        seen += titles(response)
        headings += [row.heading for row in response.context["rows"] if row.heading]
        address = response.context["more_url"]

    assert seen == expected
    assert headings == ["Unread", "Read"]


@pytest.mark.parametrize("cursor", ["", "x", "WzEsMl0:x:y", "é", "\x00", "1" * 5000])
def test_a_broken_cursor_shows_the_first_page(reader, drill, cursor):
    assert titles(reader.get(INDEX, {"after": cursor})) == ["Fire drill"]


def test_a_cursor_survives_the_address_bar():
    cursor = InboxCursor(True, timezone.now(), 7)

    assert read_cursor(write_cursor(cursor)) == cursor


def test_search_and_filters_narrow_together(reader, alice, dave, leeds):
    safety, it = make_category("Safety", colour="red"), make_category("IT")
    make_published("Drill in May", author=alice, recipients=(leeds,), category=safety, requires_acknowledgement=True)
    done = make_published("Drill in June", author=alice, recipients=(leeds,), category=safety, requires_acknowledgement=True)
    starred = make_published("New laptops", author=alice, recipients=(leeds,), category=it, content="<p>No drill.</p>")
    make_published("Drill elsewhere", author=alice, recipients=(make_recipient(members=(alice,)),))
    NoticeService.acknowledge(done, dave)
    NoticeService.set_favourite(starred, dave, favourite=True)

    def found(**asked):
        return set(titles(reader.get(INDEX, asked)))

    assert found() == found(show="all", category="0", q=" ") == {"Drill in May", "Drill in June", "New laptops"}
    assert found(show="unread") == {"Drill in May", "New laptops"}
    assert found(show="to-acknowledge") == {"Drill in May"}
    assert found(show="favourites") == {"New laptops"}
    assert found(category=safety.pk) == {"Drill in May", "Drill in June"}
    assert found(q="dril") == {"Drill in May", "Drill in June", "New laptops"}
    assert found(q="drill", category=safety.pk, show="unread") == {"Drill in May"}
    assert found(q="zebra") == set()
    assert len(found(q="' & !:*")) == 3  # no word in it
    assert len(found(show="nonsense", category="²", after="x")) == 3


@pytest.mark.parametrize("show", ["all", "unread", "to-acknowledge", "favourites"])
def test_an_empty_list_says_what_it_is_for(reader, show):
    assert "empty-title" in reader.get(INDEX, {"show": show}).text


def test_a_filter_keeps_the_other_ones_in_its_links(reader, drill):
    safety = make_category("Safety")
    response = reader.get(INDEX, {"q": "drill", "category": safety.pk, "show": "unread"})

    link = next(choice.url for choice in response.context["shows"] if choice.name == "favourites")
    assert parse_qs(urlsplit(link).query) == {"q": ["drill"], "category": [str(safety.pk)], "show": ["favourites"]}


@pytest.mark.parametrize(
    ("days", "text"), [(-1, "Overdue: was due by"), (0, "Acknowledge today"), (1, "Acknowledge by tomorrow"), (2, "Acknowledge by ")]
)
def test_the_due_day_is_said_in_words(reader, drill, days, text):
    Notice.objects.filter(pk=drill.pk).update(due_date=today() + timedelta(days=days))

    assert text in reader.get(INDEX).text
    assert text in reader.get(page_of(drill)).text


def test_the_badge_counts_the_unread(reader, alice, dave, leeds):
    first, _second = publish_many(2, author=alice, recipient=leeds)
    assert "<title>(2) Inbox · " in reader.get(INDEX).text

    NoticeService.mark_as_read(first, dave)

    page = reader.get(INDEX).text
    assert "<title>(1) Inbox · " in page
    assert "<span data-unread>1</span>" in page


def test_titles_and_names_are_escaped(reader, alice, dave, leeds):
    dave.first_name = "<b>Dave</b>"
    dave.save()
    category = make_category("<b>Urgent</b>")
    notice = make_published("<b>Bold</b>", author=alice, recipients=(leeds,), category=category, requires_acknowledgement=True)
    Attachment.objects.create(notice=notice, file="x", name="<b>.csv", content_type="text/csv", size=8, sha256="0" * 64)
    NoticeService.set_favourite(notice, dave, favourite=True)

    for address in (INDEX, page_of(notice), f"{INDEX}?q=<b>bold", "/inbox/account/"):
        page = reader.get(address).text
        assert "<b>" not in page, address
        assert "&lt;b&gt;" in page


@pytest.mark.parametrize("query", ["", "?q=notice&show=unread"])
def test_the_list_costs_six_queries_however_long_it_is(reader, alice, leeds, query):
    category = make_category()
    counts = []
    for more in (1, 29):
        publish_many(more, author=alice, recipient=leeds)
        Notice.objects.update(category=category)
        with CaptureQueriesContext(connection) as captured:
            response = reader.get(INDEX + query)
        counts.append(len(captured))
    assert len(titles(response)) == queries.PAGE_SIZE
    assert counts[0] == counts[1] <= 6


# -- Favourites and account -----------------------------------------------------------------------
def test_a_favourite_is_set_and_unset_by_its_button(reader, dave, drill):
    assert 'value="1" aria-pressed="false"' in reader.get(INDEX).text
    back = reader.post(act(drill, "favourite"), {"favourite": "1", "next": f"{INDEX}?show=unread"})
    assert back["Location"] == f"{INDEX}?show=unread"
    assert reader.post(act(drill, "favourite"), {"favourite": "1"}, headers=BY_SCRIPT).status_code == 204
    assert Favourite.objects.filter(user=dave, notice=drill).count() == 1

    assert 'value="0" aria-pressed="true"' in reader.get(page_of(drill)).text
    away = reader.post(act(drill, "favourite"), {"favourite": "0", "next": "//evil.example/"})
    assert away["Location"] == page_of(drill)
    assert not Favourite.objects.exists()


def test_a_reader_chooses_a_time_zone_and_sees_moments_in_it(reader, dave, drill):
    Notice.objects.filter(pk=drill.pk).update(published_at="2026-01-05T23:30Z")

    saved = reader.post("/inbox/account/", {"time_zone": "Asia/Dubai"}, follow=True)

    dave.refresh_from_db()
    assert dave.time_zone == "Asia/Dubai"
    assert dave.history.first().history_user == dave
    assert "Your time zone is saved." in saved.text
    assert "6 Jan 2026, 03:30 UTC+04" in reader.get(page_of(drill)).text
    assert reader.post("/inbox/account/", {"time_zone": "Mars/Base"}).context["form"].errors


def test_a_reader_changes_the_password_and_stays_signed_in(reader, dave):
    new = "a wholly different phrase"
    form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}

    assert reader.post("/inbox/account/password/", form | {"old_password": "wrong"}).status_code == 200
    done = reader.post("/inbox/account/password/", form, follow=True)

    assert "Your password is changed." in done.text
    dave.refresh_from_db()
    assert dave.check_password(new)


# -- The browser's rules --------------------------------------------------------------------------
@pytest.mark.parametrize(
    "address", [INDEX, "/inbox/notices/1000000/", "/inbox/account/", "/inbox/account/password/", "/inbox/notices/1/favourite/", "drill"]
)
def test_every_page_allows_nothing_inline(reader, drill, address):
    response = reader.get(page_of(drill) if address == "drill" else address)

    assert set(response["Content-Security-Policy"].split("; ")) == STRICT
    assert "style=" not in response.text
    assert "<style" not in response.text
    assert " onclick" not in response.text


def test_the_sign_in_allows_nothing_inline(db):
    response = Client().get("/sign-in/")

    assert set(response["Content-Security-Policy"].split("; ")) == STRICT
    assert "<script" not in response.text


def test_no_page_of_a_reader_is_kept_by_caches(reader, drill):
    assert "no-store" in reader.get(page_of(drill))["Cache-Control"]


def test_the_read_count_agrees_with_the_list(reader, alice, dave, leeds):
    publish_many(3, author=alice, recipient=leeds)

    assert NoticeRepository.unread_count(dave) == len(titles(reader.get(INDEX, {"show": "unread"}))) == 3
