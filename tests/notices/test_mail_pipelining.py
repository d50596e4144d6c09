"""A server that takes MAIL, RCPT and DATA in one journey may refuse or hang up at any of them."""

from email import message_from_bytes

import pytest

from notices.mail.texts import NoticeMailer
from tests.makers import make_draft
from tests.smtp import RudeServer, mailers

KEPT, RENEWED = 1, 2  # connections, once the next mail was sent


@pytest.fixture
def notice(alice):
    return make_draft(author=alice)


def two_mails(notice, settings, server):
    """The outcomes of a mail that meets the trouble and of the one after it, and whether the server was found away."""
    settings.MAILERS = mailers(server.port)
    with NoticeMailer(notice) as mailer:
        first = mailer.send(1, "Dave", "dave@example.org")
        was_away = mailer.is_away
        second = mailer.send(2, "Erin", "erin@example.org")
    server.stop()
    return first, second, was_away


def delivered(server) -> list[str]:
    """Which delivery each text was about."""
    return [message_from_bytes(text)["Message-ID"].split(".")[0].removeprefix("<delivery-") for text in server.texts]


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ({"RCPT": "550 No such user", "text": "554 Nobody to send it to"}, "failed"),
        ({"RCPT": "550 No such user"}, "failed"),  # it takes the text to nobody
        ({"RCPT": "550 No such user", "DATA": "503 Nobody to send it to"}, "failed"),
        ({"RCPT": "452 Mailbox full", "DATA": "503 Nobody to send it to"}, "retry"),
        ({"MAIL": "550 Not from you", "RCPT": "503 Say MAIL first", "DATA": "503 Say MAIL first"}, "failed"),
        ({"MAIL": "451 Later", "RCPT": "503 Say MAIL first", "DATA": "503 Say MAIL first"}, "retry"),
        ({"DATA": "451 Later"}, "retry"),
        ({"DATA": "554 No"}, "failed"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else value,
)
def test_a_refusal_before_the_text_concerns_one_mail_and_keeps_the_connection(notice, settings, answers, state):
    said = next(iter(answers.values()))
    server = RudeServer(answers=dict(answers), pipelining=True)

    refused, following, was_away = two_mails(notice, settings, server)

    assert (refused.state, following.state, was_away) == (state, "sent", False)
    assert refused.reason.endswith(f": {said}")  # the first refusal is the reason; what follows from it is not
    assert (delivered(server), server.connections) == (["2"], KEPT)


@pytest.mark.parametrize("at", ["MAIL", "RCPT", "DATA", "text"])
@pytest.mark.parametrize("pipelining", [True, False])
def test_a_server_that_closes_down_is_tried_again_later_on_a_new_connection(notice, settings, at, pipelining):
    server = RudeServer(at, answers={at: "421 Closing down"}, pipelining=pipelining)

    refused, following, was_away = two_mails(notice, settings, server)

    assert (refused.state, refused.reason) == ("retry", "The mail server asked to try later: 421 Closing down")
    assert (following.state, was_away) == ("sent", True)
    assert delivered(server) == (["1", "2"] if at == "text" else ["2"])  # it refused the first text
    assert server.connections == RENEWED


@pytest.mark.parametrize("at", ["MAIL", "RCPT", "DATA"])
def test_a_server_that_hangs_up_before_the_text_is_away_and_the_mail_waits(notice, settings, at):
    server = RudeServer(at, pipelining=True)

    lost, following, was_away = two_mails(notice, settings, server)

    assert (lost.state, following.state, was_away) == ("retry", "sent", True)
    assert (delivered(server), server.connections) == (["2"], RENEWED)


@pytest.mark.parametrize("at", ["DATA", "text"])
def test_a_refusal_counts_even_if_the_server_hangs_up_over_what_followed_it(notice, settings, at):
    server = RudeServer(at, answers={"RCPT": "550 No such user"}, pipelining=True)

    refused, following, was_away = two_mails(notice, settings, server)

    assert (refused.state, following.state, was_away) == ("failed", "sent", False)
    assert (delivered(server), server.connections) == (["2"], RENEWED)


def test_a_server_that_hangs_up_after_the_text_leaves_it_unknown_and_the_next_mail_is_fine(notice, settings):
    server = RudeServer("text", pipelining=True)

    lost, following, was_away = two_mails(notice, settings, server)

    assert (lost.state, following.state, was_away) == ("unknown", "sent", False)
    assert (delivered(server), server.connections) == (["1", "2"], RENEWED)


@pytest.mark.parametrize("answer", ["451 Later", "554 Spam"])
def test_the_answer_to_the_text_decides(notice, settings, answer):
    server = RudeServer(answers={"text": answer}, pipelining=True)

    refused, following, was_away = two_mails(notice, settings, server)

    assert (refused.state, following.state, was_away) == ("retry" if answer.startswith("4") else "failed", "sent", False)
    assert (delivered(server), server.connections) == (["1", "2"], KEPT)
