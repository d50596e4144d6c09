"""Opening, acknowledging, favourites and the account: what each act changes."""

import pytest
from django.test import Client

from notices.models import Favourite, Notice, ReadAcknowledgment
from notices.repositories import NoticeRepository
from notices.services import NoticeService
from tests.makers import PASSWORD, make_published
from tests.notices.inbox.steps import BY_SCRIPT, INDEX, STRICT, act, everything_stored, page_of, publish_many, titles


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


@pytest.mark.parametrize("target", ["nonsense", "inbox:index", "", "javascript:alert(1)", "//evil.example/", "https://evil.example/"])
def test_a_favourite_leads_to_a_path_of_ours_or_to_its_notice(reader, drill, target):
    back = reader.post(act(drill, "favourite"), {"favourite": "1", "next": target})

    assert (back.status_code, back["Location"]) == (302, page_of(drill))


def test_a_reader_chooses_a_time_zone_and_sees_moments_in_it(reader, dave, drill):
    Notice.objects.filter(pk=drill.pk).update(published_at="2026-01-05T23:30Z")

    saved = reader.post("/inbox/account/", {"time_zone": "Asia/Dubai"}, follow=True)

    dave.refresh_from_db()
    assert dave.time_zone == "Asia/Dubai"
    assert dave.history.first().history_user == dave
    assert "Your choices are saved." in saved.text
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
