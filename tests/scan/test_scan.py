"""The scan tells what counts from what does not, and reads where it says that it reads."""

from tests.scan.__main__ import failed, stayed_who_they_are
from tests.scan.site import Answer, only_reading
from tests.scan.wapiti import ACCEPTED, found


def report(info, level):
    one = {"method": "GET", "path": "/inbox/", "parameter": "q", "info": info, "level": level}
    return {"vulnerabilities": {"Reflected Cross Site Scripting": [one]}, "anomalies": {}}


def test_what_is_medium_counts_unless_it_is_accepted_with_a_reason():
    assert found(report("via injection", 2)) == ["Reflected Cross Site Scripting: GET /inbox/ q (via injection)"]
    assert found(report("via injection", 1)) == []
    for part, reason in ACCEPTED.items():
        assert reason
        assert found(report(f"{part} for URL: …", 2)) == []


def test_a_page_that_fails_counts_once_with_the_address_that_makes_it_fail():
    broken = Answer("500", "POST", "/inbox/?q=1")
    assert failed([broken, broken, Answer("404", "GET", "/x/"), Answer("200", "GET", "/")]) == ["500 POST /inbox/?q=1"]


def test_nobody_sees_a_page_of_those_signed_in():
    assert stayed_who_they_are("nobody", {}, {"/inbox/"}) == ["opened /inbox/"]
    assert stayed_who_they_are("nobody", {}, set()) == []


def test_the_door_for_reading_lets_nothing_be_sent():
    answered = []
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/sign-in/"}
    assert only_reading(environ, lambda status, headers: answered.append(status)) == [b""]
    assert answered == ["405 Method Not Allowed"]
