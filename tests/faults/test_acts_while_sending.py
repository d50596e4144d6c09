"""What people do while mails are leaving: whoever was claimed before gets the mail, nobody after."""

import pytest

from notices.models import Delivery, Notice
from notices.services import DeliveryService, NoticeService
from notices.services.sending import working
from recipients.models import RecipientGroupAdditionalRecipient, User
from tests.faults.conftest import PEOPLE, often
from tests.makers import make_draft, make_group
from tests.notices.amending.steps import amend, write
from tests.notices.test_races import together

pytestmark = pytest.mark.django_db(transaction=True)
BATCH = 3
MOMENTS = pytest.mark.parametrize("percent", often([50], [10, 90]))


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch):
    monkeypatch.setattr(working, "BATCH", BATCH)


@pytest.fixture
def at_percent(server, percent, settings):
    """Somebody does this on a connection of their own while that many of the mails have left. Returns how many had."""
    settings.MAILERS["default"]["OPTIONS"]["timeout"] = 30  # the worker waits for the server, which waits until it is done

    def do(act) -> int:
        number = max(1, PEOPLE * percent // 100)

        def script(moment: str, mail: int) -> None:
            if (moment, mail) == ("answered", number):
                together(act)

        server.script = script
        return number

    return do


@MOMENTS
def test_withdrawn_no_mail_leaves_but_those_in_hand(notice, alice, server, at_percent, mend, accounts, percent, run):
    sent = at_percent(lambda: NoticeService.withdraw(notice.pk, actor=alice, reason="Wrong"))
    DeliveryService.deliver(notice.pk)
    mend()
    states = accounts()
    assert sent <= states["sent"] <= sent + 1
    assert states["sent"] + states["cancelled"] == PEOPLE


@MOMENTS
def test_withdrawn_and_deleted_it_stays_on_record(notice, alice, at_percent, mend, accounts, percent, run):
    def act() -> None:
        NoticeService.withdraw(notice.pk, actor=alice, reason="Wrong")
        NoticeService.delete(notice.pk, actor=alice)

    at_percent(act)
    DeliveryService.deliver(notice.pk)
    mend()
    states = accounts()
    assert states["sent"] + states["cancelled"] == PEOPLE
    assert Notice.all_objects.get().is_deleted


@MOMENTS
def test_rewritten_and_published_again_everyone_gets_the_new_text(notice, alice, server, at_percent, mend, accounts, percent, run):
    def act() -> None:
        changed = NoticeService.withdraw(notice.pk, actor=alice, reason="Wrong")
        changed.title = "Fire drill, moved"
        NoticeService.save_changes(changed, actor=alice, version=changed.version)
        NoticeService.publish(notice.pk, actor=alice)

    at_percent(act)
    DeliveryService.deliver(notice.pk)
    mend()
    accounts()
    assert set(Delivery.objects.filter(revision=2).values_list("state", flat=True)) == {"sent"}


@MOMENTS
@pytest.mark.parametrize("kind", often(["material"], ["tell", "typo"]))
def test_changed_where_it_stands_each_is_told_what_the_author_chose(notice, alice, at_percent, mend, accounts, percent, kind, run):
    write(notice, alice)
    at_percent(lambda: amend(notice, kind, alice, people=PEOPLE))
    DeliveryService.deliver(notice.pk)
    mend()
    states = accounts()
    of_the_change = Delivery.objects.filter(revision=2) | Delivery.objects.filter(kind="change")
    assert set(of_the_change.values_list("state", flat=True)) == (set() if kind == "typo" else {"sent"})
    # A new revision takes the place of mails that had not left.
    assert states["sent"] + states["cancelled"] == PEOPLE + of_the_change.count()
    assert not states["cancelled"] or kind == "material"


@MOMENTS
def test_paused_it_waits_and_resumed_it_goes_on(notice, alice, server, at_percent, mend, accounts, percent, run):
    sent = at_percent(lambda: DeliveryService.pause(notice.pk, actor=alice, reason="Wait"))
    DeliveryService.deliver(notice.pk)
    assert sent <= Delivery.objects.filter(state="sent").count() <= sent + 1
    assert DeliveryService.mend() == []
    DeliveryService.resume(notice.pk, actor=alice)
    mend()
    assert accounts() == {"sent": PEOPLE}


@MOMENTS
def test_people_who_leave_meanwhile_are_mailed_before_or_not_at_all(notice, readers, at_percent, mend, accounts, percent, run):
    leavers = [person.pk for person in readers[::2]]
    at_percent(lambda: User.objects.filter(pk__in=leavers).update(is_active=False))
    DeliveryService.deliver(notice.pk)
    mend()
    states = accounts()
    assert states["sent"] + states["suppressed"] == PEOPLE
    assert set(Delivery.objects.filter(state="suppressed").values_list("person_id", flat=True)) <= set(leavers)


def test_published_by_two_at_once_each_is_told_once(alice, erin, readers, mend, accounts, run):
    draft = make_draft(author=alice, people=tuple(readers))
    together(*[lambda who=who: NoticeService.publish(draft.pk, actor=who) for who in (alice, erin)])
    mend()
    assert accounts() == {"sent": PEOPLE}


def test_members_that_are_imported_during_publication_are_in_it_or_not(alice, readers, mend, accounts, run):
    group = make_group(people=tuple(readers[:3]))
    draft = make_draft(author=alice, groups=(group,))

    def members() -> None:
        links = [RecipientGroupAdditionalRecipient(recipient_group=group, user=person) for person in readers[3:]]
        RecipientGroupAdditionalRecipient.objects.bulk_create(links)

    together(lambda: NoticeService.publish(draft.pk, actor=alice), members)
    mend()
    assert accounts()["sent"] in {3, PEOPLE}


def test_several_workers_share_the_mails(notice, mend, accounts, run):
    done = together(*[lambda: DeliveryService.deliver(notice.pk)] * 4)
    assert sum(done) == PEOPLE
    mend()
    assert accounts() == {"sent": PEOPLE}
