"""Wrong passwords: counted per account and place, refused clearly, and never a way to keep someone out for good."""

import logging
from datetime import timedelta

import pytest
from django.test import Client, RequestFactory
from django.utils import timezone

from recipients.models import User
from recipients.signin.addresses import client_address
from recipients.signin.counting import sweep
from recipients.signin.models import FailureCount
from recipients.signin.throttle import ACCOUNT, ADDRESS, PAIR
from tests.clock import travel
from tests.makers import PASSWORD, make_person
from tests.recipients.signin.steps import ELSEWHERE, HERE, is_signed_in, sign_in, text_of

TRIES = PAIR[0]


def fail(username: str, times: int, *, address: str = HERE, client: Client | None = None):
    for _try in range(times):
        response = sign_in(client or Client(), username, "wrong", address=address)
    return response


def someone_known(person: User, *, address: str = HERE) -> Client:
    """A browser that `person` signed in with before, and signed out."""
    client = Client()
    assert sign_in(client, person.username, address=address).status_code == 302
    client.post("/sign-out/")
    return client


def test_the_last_of_too_many_wrong_passwords_is_refused_with_the_minutes_to_wait(dave):
    assert fail("dave", TRIES - 1).status_code == 200

    response = fail("dave", 1)
    assert response.status_code == 429
    assert "Tried too often" in text_of(response)
    assert "Wait 15 minutes" in text_of(response)
    assert 0 < int(response["Retry-After"]) <= 15 * 60
    assert response["Content-Security-Policy"] == Client().get("/sign-in/")["Content-Security-Policy"]
    assert sign_in(Client(), "dave").status_code == 429  # the right one is not tried either


def test_one_wrong_password_less_and_the_right_one_opens(dave):
    fail("dave", TRIES - 1)
    assert sign_in(Client(), "dave").status_code == 302
    assert fail("dave", TRIES - 1).status_code == 200  # counted anew


def test_an_office_behind_one_address_is_not_locked_out_as_one(dave):
    fail("dave", TRIES)
    make_person("neighbour")
    assert sign_in(Client(), "neighbour").status_code == 302


def test_the_owner_gets_in_from_elsewhere_meanwhile(dave):
    fail("dave", TRIES)
    assert sign_in(Client(), "dave", address=ELSEWHERE).status_code == 302


def test_the_wait_ends_and_tries_meanwhile_do_not_prolong_it(dave):
    with travel(timezone.now(), tick=False) as clock:
        fail("dave", TRIES)
        clock.shift(timedelta(minutes=14, seconds=59))
        assert fail("dave", 20).status_code == 429
        clock.shift(timedelta(seconds=1))
        assert sign_in(Client(), "dave").status_code == 302


def test_nobody_next_door_can_keep_someone_out_of_their_own_browser(dave):
    known = someone_known(dave)
    fail("dave", TRIES)
    assert sign_in(Client(), "dave").status_code == 429  # the same address, another browser

    assert sign_in(known, "dave").status_code == 302


def test_a_known_browser_is_throttled_for_itself(dave):
    known = someone_known(dave)
    assert fail("dave", TRIES, client=known).status_code == 429
    assert sign_in(known, "dave").status_code == 429


def test_a_browser_known_to_one_person_is_not_known_to_another(dave):
    known = someone_known(dave)
    make_person("victim")
    fail("victim", TRIES)
    assert sign_in(known, "victim").status_code == 429


def test_a_forged_mark_makes_no_browser_known(dave):
    client = someone_known(dave)
    fail("dave", TRIES)
    client.cookies["browser"] = client.cookies["browser"].value[:-3] + "abc"
    assert sign_in(client, "dave").status_code == 429


def test_many_addresses_trying_one_account_are_slowed_down_and_its_owner_is_not(dave):
    known = someone_known(dave)
    for number in range(ACCOUNT[0]):
        sign_in(Client(), "dave", "wrong", address=f"203.0.113.{number}")

    assert sign_in(Client(), "dave", address=ELSEWHERE).status_code == 429
    assert sign_in(known, "dave").status_code == 302


def test_one_address_trying_many_accounts_is_slowed_down_and_those_who_work_there_are_not(dave):
    known = someone_known(dave)
    make_person("newcomer")
    for number in range(ADDRESS[0]):
        sign_in(Client(), f"guess{number}", "wrong")

    assert sign_in(Client(), "newcomer").status_code == 429
    assert sign_in(known, "dave").status_code == 302
    assert sign_in(Client(), "newcomer", address=ELSEWHERE).status_code == 302


def test_an_ipv6_network_counts_as_one_address(dave):
    for number in range(TRIES):
        sign_in(Client(), "dave", "wrong", address=f"2001:db8:0:1::{number:x}")
    assert sign_in(Client(), "dave", address="2001:db8:0:1::ffff").status_code == 429
    assert sign_in(Client(), "dave", address="2001:db8:0:2::1").status_code == 302


@pytest.mark.timeout(300)
def test_wrong_passwords_beyond_every_limit_change_nothing(dave, caplog):
    before = User.objects.values().get(pk=dave.pk)
    client, tries = Client(), ADDRESS[0] + 50
    with caplog.at_level(logging.WARNING, logger="signin"):
        for number in range(tries):
            response = sign_in(client, "dave", f"wrong {number}")

    assert response.status_code == 429
    assert User.objects.values().get(pk=dave.pk) == before
    assert dave.history.count() == 1
    assert not is_signed_in(client)
    assert len([record for record in caplog.records if record.name == "signin"]) == tries
    assert "“dave” from 192.0.2.1 refused" in caplog.text
    assert "wrong 7" not in caplog.text
    assert FailureCount.objects.count() == 3  # for the pair, the account and the address
    assert all(row.count <= ADDRESS[0] for row in FailureCount.objects.all())


def test_counts_that_are_over_are_removed_by_the_clock(dave, settings):
    assert settings.CELERY_BEAT_SCHEDULE["sign-in-sweep"]["task"] == "signin.sweep"
    fail("dave", 1)
    assert (sweep(), FailureCount.objects.count()) == (0, 3)
    with travel(timezone.now() + timedelta(minutes=16), tick=False):
        assert (sweep(), FailureCount.objects.count()) == (3, 0)


def test_what_was_typed_as_a_name_is_kept_nowhere(db, caplog):
    sign_in(Client(), "my secret password", "x")
    assert "my secret password" not in caplog.text
    assert "my secret" not in "".join(FailureCount.objects.values_list("key", flat=True))
    assert "an unknown name" in caplog.text


@pytest.mark.parametrize("who", ["nobody", "dave", "gone", "unusable"])
def test_the_answer_is_the_same_whoever_is_tried(dave, who, settings):
    """With as much hashing, too: that is where the time goes."""
    make_person("gone", is_active=False)
    make_person("unusable")
    hashed: list[str] = []
    hasher = "django.contrib.auth.hashers.MD5PasswordHasher.encode"

    def count(self, password, salt):
        hashed.append(password)
        return "md5$x$y"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hasher, count)
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
        User.objects.update(password="md5$salt$hash")
        User.objects.filter(username="unusable").update(password="!")
        response = sign_in(Client(), who, PASSWORD)

    assert response.status_code == 200
    assert "Please enter a correct username and password" in text_of(response)
    assert len(hashed) == 1


class TestBehindProxies:
    def ask(self, settings, depth: int, forwarded: str | None):
        settings.TRUSTED_PROXIES = depth
        header = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
        return client_address(RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", **header))

    def test_without_one_the_header_is_not_believed(self, settings):
        assert self.ask(settings, 0, "203.0.113.9") == "10.0.0.1"

    @pytest.mark.parametrize(
        ("depth", "forwarded", "seen"),
        [
            (1, "203.0.113.9", "203.0.113.9"),
            (1, "6.6.6.6, 203.0.113.9", "203.0.113.9"),  # the first was written by the browser
            (2, "6.6.6.6, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
            (2, "203.0.113.9", "10.0.0.1"),  # it did not come through both
            (1, "nonsense", ""),
            (1, None, ""),
        ],
    )
    def test_the_address_is_what_the_outermost_of_ours_saw(self, settings, depth, forwarded, seen):
        assert self.ask(settings, depth, forwarded) == seen
