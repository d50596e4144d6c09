"""What mail servers and people send to the mailbox of bounces, and what is read from it."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notices.bounces.kinds import code_of, kind_of
from notices.bounces.parsing import read
from notices.bounces.reports import Kind, MailId, Reading, What, without_addresses

SAMPLES = Path(__file__).resolve().parents[3] / "fixtures" / "bounces"
OURS = MailId("delivery", (101, 7, 1), "example.org")
DAVE = frozenset({"dave@example.org"})
HARD, SOFT, DELAYED = Kind.HARD, Kind.SOFT, Kind.DELAYED

REPORTS = {
    "postfix-no-such-user": (HARD, "5.1.1"),
    "postfix-delayed": (DELAYED, "4.4.1"),
    "postfix-mailbox-full": (SOFT, "5.2.2"),
    "postfix-no-such-domain": (HARD, "5.4.4"),
    "exim": (HARD, "5.0.0"),
    "exim-old": (HARD, "5.1.1"),
    "exim-delayed-old": (DELAYED, ""),
    "exchange-online": (HARD, "5.1.10"),
    "exchange-online-refused": (SOFT, "5.7.124"),
    "gmail": (HARD, "5.1.1"),
    "sendmail": (HARD, "5.1.1"),
    "qmail": (HARD, "5.1.1"),
    "utf8": (HARD, "5.1.1"),
}
OTHERS = {
    "delivered": What.REPORT,
    "out-of-office": What.AUTO_REPLY,
    "vacation": What.AUTO_REPLY,
    "read-receipt": What.AUTO_REPLY,
    "answer": What.OTHER,
}


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.eml").read_bytes()


def test_every_sample_has_an_outcome():
    assert {path.stem for path in SAMPLES.glob("*.eml")} == {*REPORTS, *OTHERS}


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("name", REPORTS)
def test_a_report_says_which_mail_came_back_from_whom_and_why(name, ending):
    reading = read(sample(name).replace(b"\n", ending))

    assert reading.what == What.REPORT
    [report] = reading.reports
    assert (report.mail, (report.kind, report.code), report.recipients) == (OURS, REPORTS[name], DAVE)
    assert report.at.date() in {datetime(2026, 11, 23, tzinfo=UTC).date(), datetime(2026, 11, 24, tzinfo=UTC).date()}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_failure_reports_none(name):
    assert read(sample(name)) == Reading(OTHERS[name])


def test_the_moment_is_that_of_the_last_attempt_where_the_server_tells_it():
    [report] = read(sample("gmail")).reports
    assert report.at == datetime(2026, 11, 23, 9, 12, 46, tzinfo=UTC)


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_about_a_mail_of_others_is_a_report_and_none_of_ours(name):
    assert read(sample(name).replace(b"delivery-101.7.1", b"20261123.4711")) == Reading(What.REPORT)


def test_a_report_that_returns_two_mails_of_ours_is_believed_of_neither():
    two = sample("qmail").replace(b"The drill is", b"Message-ID: <delivery-102.7.1@example.org>\nThe drill is")
    assert read(two) == Reading(What.REPORT)


def test_what_is_returned_decides_and_not_what_the_text_mentions():
    raw = sample("postfix-no-such-user").replace(b"The mail system\n", b"The mail system, like <delivery-9.9.9@example.org>\n")
    [report] = read(raw).reports
    assert report.mail == OURS


def test_a_report_that_was_passed_on_as_an_attachment_is_read_too():
    inner = sample("postfix-no-such-user")
    outer = b"From: it@example.org\nSubject: Fwd\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=out\n\n"
    [report] = read(outer + b"--out\nContent-Type: message/rfc822\n\n" + inner + b"\n--out--\n").reports
    assert (report.mail, report.kind) == (OURS, HARD)


def test_the_address_that_the_mail_was_sent_to_counts_beside_the_one_it_was_passed_on_to():
    raw = sample("postfix-no-such-user").replace(b"Final-Recipient: rfc822; dave", b"Final-Recipient: rfc822; d.tester+Old")
    [report] = read(raw).reports
    assert report.recipients == {"dave@example.org", "d.tester+old@example.org"}


@pytest.mark.parametrize(
    ("status", "said", "code"),
    [
        ("5.1.1", "smtp; 550 5.7.1 no", "5.1.1"),
        ("5.0.0", "550 5.1.1 User unknown", "5.1.1"),
        ("5.0.0", "550 No such user", "5.0.0"),
        ("", "452-4.2.2 The mailbox is full", "4.2.2"),
        ("", "550 refused", "5.0.0"),
        ("", "connect to 192.5.1.1 from 5.1.1.10", ""),
        ("", "", ""),
        ("5.1.1 (bad destination mailbox address)", "", "5.1.1"),
    ],
)
def test_the_code_is_the_most_telling_one(status, said, code):
    assert code_of(status, said) == code


@pytest.mark.parametrize(
    ("action", "code", "said", "kind"),
    [
        ("failed", "5.1.1", "", HARD),
        ("failed", "5.1.6", "", HARD),
        ("failed", "5.1.8", "bad sender", SOFT),
        ("failed", "5.2.1", "", HARD),
        ("failed", "5.2.2", "mailbox unavailable: quota", SOFT),
        ("failed", "5.3.4", "too large", SOFT),
        ("failed", "5.4.1", "550 5.4.1 Recipient address rejected: Access denied", HARD),
        ("failed", "5.4.1", "550 5.4.1 All recipient addresses rejected", SOFT),
        ("failed", "5.7.1", "550 5.7.1 spam", SOFT),
        ("failed", "5.0.0", "550 unknown user", HARD),
        ("failed", "4.4.7", "expired, user unknown", SOFT),
        ("failed", "", "", SOFT),
        ("delayed", "5.1.1", "", DELAYED),
        ("delivered", "2.0.0", "", None),
        ("relayed", "", "", None),
    ],
)
def test_only_what_says_something_of_the_address_is_hard(action, code, said, kind):
    assert kind_of(action, code, said) == kind


def test_what_a_server_said_is_kept_on_one_line_without_addresses():
    assert (
        without_addresses("550 5.1.1 <dave@example.org>:\r\n\tno such\x00 user, ask it@example.org") == "550 5.1.1 <…>: no such user, ask …"
    )
    assert len(without_addresses("x " * 5000)) <= 500


# -- whatever a stranger sends ------------------------------------------------------------------
WHOLE = [sample(name) for name in REPORTS]
NASTY = st.sampled_from(
    [
        b"Content-Type: message/delivery-status\n\n",
        b"Content-Type: multipart/report; boundary=\n",
        b"Content-Type: multipart/mixed; boundary=a\n\n--a\n--a\n",
        b"Content-Type: text/plain; charset*=utf-99''%ff\n",
        b"Content-Transfer-Encoding: base64\n\n!!!!=\n",
        b"Subject: =?utf-8?q?=ff=?= =?nothing?b?AA?=\n",
        b'From: "<>@, <a@[\n',
        b"Date: Mon, 99 Foo 99999 25:61:61 +9999\n",
        b"Message-ID: <delivery-999999999999999999.999999999.999999999@example.org>\n",
        b"Final-Recipient: ;;;\nAction: \nStatus: 5.\n\n",
        b"\n\n",
        b"\x00\xff\xfe",
    ]
)


@st.composite
def mangled(draw) -> bytes:
    """A sample in which pieces are missing, doubled, overwritten, or replaced by what trips parsers."""
    raw = draw(st.sampled_from(WHOLE))
    for _step in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(raw)))
        end = min(len(raw), start + draw(st.integers(0, 300)))
        piece = draw(st.one_of(st.binary(max_size=40), NASTY, st.just(raw[start:end] * 2)))
        raw = raw[:start] + piece + raw[end:]
    return raw


@given(st.one_of(mangled(), st.binary(max_size=2000), st.lists(NASTY, max_size=12).map(b"".join)))
def test_whatever_is_sent_ends_in_a_reading(raw):
    reading = read(raw)
    assert isinstance(reading, Reading)
    assert all(report.kind in Kind and len(report.diagnostic) <= 2000 for report in reading.reports)


@given(st.sampled_from(WHOLE), st.data())
def test_a_report_that_is_cut_off_says_nothing_else_than_the_whole(raw, data):
    [whole] = read(raw).reports
    for report in read(raw[: data.draw(st.integers(0, len(raw)))]).reports:
        assert report.mail.numbers == whole.mail.numbers
        assert all("dave@example.org".startswith(address) for address in report.recipients)


@pytest.mark.parametrize(
    "piece", [b"-", b"user ", b"name service error ", b"a@", b"5.1.1.", b"<", b"\n", b"Warning ", b"deliver fail ", b"=?utf-8?q?"]
)
def test_no_message_takes_long_to_read(piece):
    """Half a megabyte of what makes a careless expression look again and again."""
    started = datetime.now(UTC)
    read(b"From: MAILER-DAEMON@x\nSubject: failure notice\n\n" + piece * (500_000 // len(piece)))
    assert (datetime.now(UTC) - started).total_seconds() < 20


def test_the_samples_are_what_they_say():
    """They are read by Python as the kinds of messages that their names promise."""
    kinds = {name: message_from_bytes(sample(name), policy=policy.default).get_content_type() for name in REPORTS}
    plain = {name for name, kind in kinds.items() if kind != "multipart/report"}
    assert plain == {"exim-old", "exim-delayed-old", "qmail"}
