"""What mail servers do to deliveries: they are away, refuse, or are busy."""

from datetime import timedelta

import pytest
from django.utils import timezone

from notices.mail.outcome import PATIENCE, Trouble
from notices.models import Delivery, MailServer
from notices.services import DeliveryService
from notices.services.sending import working
from notices.services.sending.claims import BATCH
from tests.clock import pass_time
from tests.makers import make_person, make_published, make_recipient
from tests.notices.delivering import people, states
from tests.smtp import RudeServer, free_port, mailers

pytestmark = pytest.mark.usefixtures("mailbox")


@pytest.fixture
def notice(alice, dave, erin):
    return make_published(author=alice, recipients=(make_recipient(members=(dave, erin)),))


class TestMailServer:
    @pytest.fixture
    def away(self, notice, settings, mail_server):
        """One mail was tried; whoever tells how to go on, finds the server back."""
        settings.MAILERS = mailers(free_port())
        assert DeliveryService.deliver(notice.pk) == 2
        settings.MAILERS = mailers(mail_server.port)
        return notice

    def test_away_one_was_tried_and_the_others_are_as_before_with_the_reason(self, away):
        assert states(away) == {"retry": 1, "waiting": 1}
        assert all(owed.reason.startswith("The mail server cannot be reached:") for owed in Delivery.objects.all())
        assert sorted(Delivery.objects.values_list("attempts", flat=True)) == [0, 1]

    def test_back_again_everyone_is_mailed(self, away, mailbox):
        pass_time(timedelta(minutes=1))
        assert DeliveryService.mend() == [away.pk]
        assert DeliveryService.deliver(away.pk) == 2
        assert states(away) == {"sent": 2}
        assert Delivery.objects.filter(reason="").count() == 2

    def test_it_is_left_alone_for_longer_each_time_and_then_tried_with_one_mail(self, alice, settings):
        notice = make_published(author=alice, people=tuple(people(30)))
        settings.MAILERS = mailers(free_port())
        pauses, tried = [], []
        for _ in range(3):
            assert (DeliveryService.deliver(notice.pk) > 0, DeliveryService.deliver(notice.pk)) == (True, 0)
            server = MailServer.objects.get()
            pauses.append(round((server.next_try_at - timezone.now()).total_seconds()))
            tried.append(Delivery.objects.filter(attempts__gt=0).count())
            pass_time(timedelta(seconds=pauses[-1] + 1))
        assert (pauses, tried) == ([1, 2, 4], [1, 2, 3])
        assert (server.failures, server.problem[:38]) == (3, "The mail server cannot be reached: [Er")

    def test_it_gets_no_more_than_its_rate(self, alice, mailbox, settings, monkeypatch):
        notice = make_published(author=alice, people=tuple(people(30)))
        settings.EMAIL_PER_MINUTE = 60  # so ten at once, and one a second
        monkeypatch.setattr(working, "LONGEST_WAIT", 0)
        DeliveryService.deliver(notice.pk)
        assert (len(mailbox.recipients), DeliveryService.deliver(notice.pk)) == (10, 0)
        pass_time(timedelta(minutes=5))
        DeliveryService.deliver(notice.pk)
        assert len(mailbox.recipients) == 20

    def test_refused_for_good_is_failed_and_for_now_is_tried_again(self, notice, mailbox):
        mailbox.answers = {"dave@example.org": "550 No such user", "erin@example.org": "450 Busy"}
        DeliveryService.deliver(notice.pk)
        assert states(notice) == {"failed": 1, "retry": 1}

        mailbox.answers = {}
        pass_time(timedelta(minutes=1))
        DeliveryService.deliver(notice.pk)
        assert states(notice) == {"failed": 1, "sent": 1}
        assert mailbox.recipients == ["erin@example.org"]

    def test_dropped_after_the_text_is_unknown_and_not_sent_again(self, alice, dave, settings):
        notice = make_published(author=alice, people=(dave,))
        rude = RudeServer("text")
        settings.MAILERS = mailers(rude.port)
        DeliveryService.deliver(notice.pk)
        pass_time(timedelta(days=1))
        DeliveryService.mend()
        assert DeliveryService.deliver(notice.pk) == 0
        rude.stop()
        assert (len(rude.texts), states(notice)) == (1, {"unknown": 1})

    @pytest.mark.parametrize(
        ("answer", "trouble"),
        [
            ("450 Busy", Trouble.BUSY),
            ("450 4.7.1 Greylisted, come back", Trouble.GREYLISTED),
            ("452 4.2.2 Mailbox full", Trouble.MAILBOX_FULL),
        ],
    )
    def test_the_pauses_double_by_kind_of_trouble_and_after_two_days_it_is_given_up(self, alice, dave, mailbox, answer, trouble):
        notice = make_published(author=alice, people=(dave,))
        mailbox.answers = {"dave@example.org": answer}
        first, longest = trouble.value
        tried = timedelta(0)
        for attempt in range(200):
            assert DeliveryService.deliver(notice.pk) == 1
            delivery = Delivery.objects.get()
            if delivery.state == "failed":
                break
            wanted = min(first * 2 ** min(attempt, 10), longest)
            assert 0.74 * wanted < delivery.next_attempt_at - timezone.now() < 1.26 * wanted
            assert DeliveryService.deliver(notice.pk) == 0
            pass_time(1.26 * wanted)
            tried += wanted
        assert PATIENCE <= tried < PATIENCE + longest
        assert delivery.reason == f"Given up after {delivery.attempts} attempts. The mail server asked to try later: {answer}"
        assert states(notice) == {"failed": 1}

    def test_who_refuses_one_text_after_the_other_gets_no_more_of_it_until_somebody_resumes(self, alice, mailbox):
        notice = make_published(author=alice, people=tuple(people(BATCH + 20)))
        mailbox.after_text = "554 5.7.1 Looks like spam"
        DeliveryService.deliver(notice.pk)
        found = states(notice)
        assert (found["failed"], found["waiting"]) == (working.MANY_REFUSED, BATCH + 20 - working.MANY_REFUSED)
        assert "554 5.7.1 Looks like spam" in notice.sendingpause.reason
        assert (DeliveryService.mend(), DeliveryService.deliver(notice.pk)) == ([], 0)

        mailbox.after_text = "250 Kept"
        assert DeliveryService.resume(notice.pk, actor=alice) == found["waiting"]
        assert DeliveryService.deliver(notice.pk) == found["waiting"]

    def test_addresses_that_are_gone_stop_nobody(self, alice, mailbox):
        gone = people(working.MANY_REFUSED + 5)
        mailbox.answers = {person.email: "550 No such user" for person in gone}
        notice = make_published(author=alice, people=(*gone, make_person("zoe")))
        DeliveryService.deliver(notice.pk)
        assert states(notice) == {"failed": len(gone), "sent": 1}

    def test_who_is_too_busy_for_one_after_the_other_is_left_alone(self, alice, mailbox):
        notice = make_published(author=alice, people=tuple(people(30)))
        mailbox.after_text = "451 Try later"
        DeliveryService.deliver(notice.pk)
        assert states(notice) == {"retry": working.MANY_BUSY, "waiting": 30 - working.MANY_BUSY}
        assert MailServer.objects.get().problem.endswith("451 Try later")
