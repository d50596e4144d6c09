import socket
from email import message_from_bytes, policy

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from notices.mail.dialogue import MESSAGES_PER_CONNECTION
from notices.mail.texts import NoticeMailer
from notices.models import Notice
from tests.makers import make_category, make_draft
from tests.smtp import RudeServer, free_port, mailers


@pytest.fixture
def notice(alice):
    return make_draft(author=alice)


def sent(mailbox, notice, *, delivery_id=7, name="Dave Tester", email="dave@example.org"):
    """The one message that arrives."""
    with NoticeMailer(notice) as mailer:
        outcome = mailer.send(delivery_id, name, email)
    assert outcome.state == "sent", outcome
    return mailbox.messages[-1]


def said(message, kind: str) -> str:
    return message.get_body([kind]).get_content().replace("\r\n", "\n")


class TestMessage:
    def test_it_goes_to_one_person_with_the_title_as_its_subject(self, mailbox, notice, settings):
        settings.DEFAULT_FROM_EMAIL = "Staff notices <notices@example.org>"
        message = sent(mailbox, notice)

        assert mailbox.recipients == ["dave@example.org"]
        assert message["To"] == "Dave Tester <dave@example.org>"
        assert message["From"] == "Staff notices <notices@example.org>"
        assert message["Subject"] == "Fire drill"
        assert message["Auto-Submitted"] == "auto-generated"
        assert message["Date"].datetime is not None
        assert not message.defects
        assert [len(message.get_all(name)) for name in ("To", "From", "Subject", "Message-ID", "Date")] == [1] * 5

    def test_the_message_id_is_the_same_for_a_delivery_and_different_for_others(self, mailbox, notice):
        ids = [sent(mailbox, notice, delivery_id=number)["Message-ID"] for number in (7, 7, 8)]
        assert ids[0] == ids[1] != ids[2]
        assert ids[0] == f"<delivery-7.{notice.pk}.1@example.org>"

    def test_it_has_a_text_and_an_html_part_that_say_the_same(self, mailbox, alice):
        notice = make_draft(
            author=alice,
            content='<h2>When</h2><ul><li>Tuesday &amp; Friday</li></ul><p>See <a href="https://example.org/plan">the plan</a>.</p>',
            category=make_category("Safety"),
        )
        message = sent(mailbox, notice)
        text, html = said(message, "plain"), said(message, "html")

        assert message.get_content_type() == "multipart/alternative"
        for part in (text, html):
            assert "Fire drill" in part
            assert "Safety" in part
            assert f"/{notice.pk}" in part
        assert "- Tuesday & Friday" in text
        assert "the plan (https://example.org/plan)" in text
        assert "<li>Tuesday &amp; Friday</li>" in html

    def test_it_asks_to_acknowledge_only_what_must_be(self, mailbox, alice, notice):
        asked = make_draft("Sling check", author=alice, requires_acknowledgement=True)
        assert "acknowledge" in str(sent(mailbox, asked))
        assert "acknowledge" not in str(sent(mailbox, notice))

    def test_the_title_is_escaped_in_the_html_and_plain_in_the_text(self, mailbox, alice):
        message = sent(mailbox, make_draft("<b>Fire</b> & drill", author=alice))
        assert "&lt;b&gt;Fire&lt;/b&gt; &amp; drill" in said(message, "html")
        assert "<b>Fire</b> & drill" in said(message, "plain")

    def test_what_stands_in_the_database_uncleaned_is_cleaned_on_its_way_out(self, mailbox, notice):
        Notice.objects.filter(pk=notice.pk).update(title="Fire drill")
        notice.content = "<p>Hello</p><script>alert(1)</script>"
        assert "script" not in str(sent(mailbox, notice))

    def test_words_that_look_like_our_placeholders_stay_what_they_are(self, mailbox, alice):
        words = "to-placeholder@example.invalid id-placeholder"
        message = sent(mailbox, make_draft(words, author=alice, content=f"<p>{words}</p>"))
        assert message["Subject"] == words
        assert words in said(message, "plain")
        assert message["To"] == "Dave Tester <dave@example.org>"
        assert message["Message-ID"].startswith("<delivery-7.")


class TestRoundTrip:
    @pytest.mark.parametrize(
        "words",
        [
            ".",
            "..",
            "x" * 5000,
            "word " * 2000,
            "Zoë, Łukasz, 大学, 🚒 and a soft­hyphen",
            "From here on",
            "=20 =3D =?utf-8?q?hi?=",
            "line\n.\nline",
        ],
    )
    def test_any_text_arrives_as_it_was_written(self, mailbox, alice, words):
        message = sent(mailbox, make_draft(author=alice, content=f"<p>{words}</p>"))
        assert words.strip() in said(message, "html")
        assert max(len(line) for line in mailbox.raw[-1].split(b"\r\n")) <= 998
        assert b"\n" not in mailbox.raw[-1].replace(b"\r\n", b"")

    def test_lines_that_begin_with_a_dot_keep_it(self, mailbox, alice):
        message = sent(mailbox, make_draft(author=alice, content="<p>one</p><p>.two</p><p>..three</p><p>.</p>"))
        assert [line for line in said(message, "plain").split("\n") if line.startswith((".", "one"))] == [
            "one",
            ".two",
            "..three",
            ".",
        ]

    @pytest.mark.parametrize(
        "name", ["Zoë Łukasz", "O'Brien, Pat", 'Pat "Paddy" O’Brien', "x" * 150, "word " * 60, "a: b; <c@d>", "", "大" * 150]
    )
    def test_any_name_arrives_as_it_is(self, mailbox, notice, name):
        [address] = sent(mailbox, notice, name=name)["To"].addresses
        assert (address.display_name, address.addr_spec) == (" ".join(name.split()), "dave@example.org")

    @pytest.mark.parametrize("title", ["Zoë’s day", "x" * 200, "大" * 200, "🚒 " * 60, "=?utf-8?q?hi?= there"])
    def test_any_title_arrives_as_it_is(self, mailbox, notice, title):
        notice.title = title
        subject = sent(mailbox, notice)["Subject"]
        assert subject == title.strip() or "=?" in title


class TestInjection:
    @pytest.mark.parametrize(
        "line", ["\nBcc: evil@example.org", "\r\nBcc: evil@example.org", "\r\n\r\nBody", "\u2028Bcc: x@y", "\x0bBcc: x", "\x85Bcc: x"]
    )
    def test_a_title_or_name_adds_no_header(self, mailbox, notice, line):
        notice.title = f"Fire drill{line}"
        message = sent(mailbox, notice, name=f"Dave{line}")

        assert message["Bcc"] is None
        assert set(message.keys()) == {"From", "To", "Message-ID", "Subject", "Date", "Auto-Submitted", "MIME-Version", "Content-Type"}
        assert mailbox.recipients == ["dave@example.org"]

    @pytest.mark.parametrize(
        "email",
        [
            "",
            "dave",
            "dave@",
            "@example.org",
            "dave@example.org\r\nBcc: evil@example.org",
            "dave@example.org\n",
            "dave@example.org, evil@example.org",
            "dave@example.org> RCPT TO:<evil@example.org",
            "<dave@example.org>",
            "dave smith@example.org",
            "dave@exa mple.org",
            "dave@example..org",
            "däve@example.org",
            "dave@exämple.org",
        ],
    )
    def test_an_address_that_is_none_fails_alone_and_reaches_no_server(self, mailbox, notice, email):
        with NoticeMailer(notice) as mailer:
            bad = mailer.send(1, "Dave", email)
            good = mailer.send(2, "Erin", "erin@example.org")

        assert bad.state == "failed"
        assert bad.reason == f"“{email}” is not a usable e-mail address."
        assert good.state == "sent"
        assert mailbox.recipients == ["erin@example.org"]


@override_settings(MAILERS=mailers(25))
class TestHeaderProperties(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.notice = Notice.objects.create(title="Fire drill", content="<p>At ten.</p>")

    @hypothesis_settings(max_examples=150, deadline=None)
    @given(st.text(st.characters(codec="utf-8"), max_size=120))
    def test_whatever_the_name_there_is_one_header_block_and_one_addressee(self, name):
        with NoticeMailer(self.notice) as mailer:
            raw = mailer.write(1, name, "dave@example.org")
        message = message_from_bytes(raw, policy=policy.default)
        assert list(message.keys()) == ["From", "To", "Message-ID", "Subject", "Date", "Auto-Submitted", "MIME-Version", "Content-Type"]
        assert [a.addr_spec for a in message["To"].addresses] == ["dave@example.org"]


class TestServer:
    def test_one_connection_serves_many_and_is_renewed_before_the_server_tires(self, mailbox, notice, monkeypatch):
        monkeypatch.setattr("notices.mail.dialogue.MESSAGES_PER_CONNECTION", 3)
        assert MESSAGES_PER_CONNECTION > 3
        with NoticeMailer(notice) as mailer:
            assert {mailer.send(n, "Dave", "dave@example.org").state for n in range(7)} == {"sent"}
        assert (len(mailbox.raw), mailbox.connections) == (7, 3)

    def test_a_person_refused_for_good_has_failed_and_the_next_one_is_sent(self, mailbox, notice):
        mailbox.answers["gone@example.org"] = "550 No such user"
        with NoticeMailer(notice) as mailer:
            refused, accepted = (mailer.send(n, "X", email) for n, email in enumerate(["gone@example.org", "dave@example.org"]))
        assert (refused.state, refused.reason) == ("failed", "The mail server refused it: 550 No such user")
        assert accepted.state == "sent"
        assert mailbox.connections == 1

    def test_a_person_refused_for_now_waits(self, mailbox, notice):
        mailbox.answers["full@example.org"] = "452 Mailbox full"
        with NoticeMailer(notice) as mailer:
            outcome = mailer.send(1, "X", "full@example.org")
        assert (outcome.state, outcome.reason) == ("retry", "The mail server asked to try later: 452 Mailbox full")
        assert not mailer.is_away

    @pytest.mark.parametrize(("answer", "state"), [("554 Spam", "failed"), ("451 Try later", "retry")])
    def test_so_does_the_answer_to_the_text(self, mailbox, notice, answer, state):
        mailbox.after_text = answer
        with NoticeMailer(notice) as mailer:
            assert mailer.send(1, "X", "dave@example.org").state == state

    def test_a_server_that_is_not_there_is_away(self, notice, settings):
        settings.MAILERS = mailers(free_port())
        with NoticeMailer(notice) as mailer:
            outcome = mailer.send(1, "X", "dave@example.org")
        assert outcome.state == "retry"
        assert outcome.reason.startswith("The mail server cannot be reached:")
        assert mailer.is_away

    @pytest.mark.parametrize("at", ["EHLO", "MAIL", "RCPT", "DATA"])
    def test_a_server_that_breaks_off_before_the_text_is_away_and_the_mail_waits(self, notice, settings, at):
        server = RudeServer(at)
        settings.MAILERS = mailers(server.port)
        with NoticeMailer(notice) as mailer:
            outcome = mailer.send(1, "X", "dave@example.org")
        server.stop()
        assert outcome.state == "retry"
        assert outcome.reason.startswith("The mail server")
        assert (mailer.is_away, server.texts) == (True, [])

    def test_a_server_that_breaks_off_after_the_text_leaves_it_unknown(self, notice, settings):
        server = RudeServer("text")
        settings.MAILERS = mailers(server.port)
        with NoticeMailer(notice) as mailer:
            outcome = mailer.send(1, "X", "dave@example.org")
        server.stop()
        assert (outcome.state, len(server.texts)) == ("unknown", 1)
        assert outcome.reason == "The mail server broke off after the text was sent. The mail may have arrived."

    @pytest.mark.parametrize(("answer", "state"), [("550 No such user", "failed"), ("421 Too busy", "retry")])
    def test_a_refusal_counts_even_if_the_server_hangs_up_after_it(self, notice, settings, answer, state):
        server = RudeServer("RCPT", answers={"RCPT": answer})
        settings.MAILERS = mailers(server.port)
        with NoticeMailer(notice) as mailer:
            assert mailer.send(1, "X", "dave@example.org").state == state
        server.stop()

    def test_no_answer_in_time_is_away_too(self, notice, settings):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            settings.MAILERS = mailers(silent.getsockname()[1])
            settings.MAILERS["default"]["OPTIONS"]["timeout"] = 0.2
            with NoticeMailer(notice) as mailer:
                assert mailer.send(1, "X", "dave@example.org").state == "retry"
            assert mailer.is_away
