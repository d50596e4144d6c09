"""Whoever changes a notice that is on show dies by SIGKILL: the change is made as a whole or not at all, and what is owed is mailed."""

import signal
from collections import Counter

import pytest
from django.db import connection

from notices.models import Amendment, Delivery, Notice
from notices.services import amending, amendment_making
from notices.services.audience_keys import AudienceKeyService
from notices.tasks import send_notice_notifications
from tests.faults.conftest import PEOPLE, Process, often
from tests.faults.test_killed_workers import die
from tests.notices.amending.steps import NEW, amend, write

pytestmark = pytest.mark.django_db(transaction=True)
KINDS = pytest.mark.parametrize("kind", often(["material"], ["tell", "typo"]))
TOLD = {"material": PEOPLE, "tell": PEOPLE, "typo": 0}


@pytest.fixture
def told(notice, alice, mend) -> Notice:
    """Everyone has the mail about the notice, and a change of it is written."""
    mend()
    write(notice, alice)
    return notice


def killed(notice: Notice, actor, kind: str, owner: object, name: str) -> None:
    """A process that makes the change dies in this function, or on its way to it."""

    def act() -> None:
        setattr(owner, name, die)
        amend(notice, kind, actor, people=PEOPLE)

    assert Process(act).ends() == -signal.SIGKILL


def now(notice: Notice) -> tuple[str, bool, int, Counter]:
    """The state of the change, whether its text is on show, the revision, and the mails by state."""
    notice.refresh_from_db()
    mails = Counter(Delivery.objects.values_list("state", flat=True))
    return Amendment.objects.get().state, notice.content == NEW, notice.revision, mails


@KINDS
@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (amending, "refuse_unless_it_can_be_made"),
        (amendment_making, "_write"),
        (AudienceKeyService, "refresh"),
        (amendment_making, "close"),
        (connection, "commit"),
    ],
    ids=["before it begins", "before the text", "with the text", "with the mails", "before the commit"],
)
def test_killed_before_it_is_made_nothing_is_changed_and_it_can_be_made(told, alice, mend, accounts, kind, owner, name, run):
    before = now(told)
    killed(told, alice, kind, owner, name)
    assert now(told) == before
    amend(told, kind, alice, people=PEOPLE)
    mend()
    assert now(told)[:3] == ("applied", True, 2 if kind == "material" else 1)
    assert accounts() == {"sent": PEOPLE + TOLD[kind]}


@KINDS
@pytest.mark.parametrize(
    ("owner", "name"),
    [(connection, "run_and_clear_commit_hooks"), (send_notice_notifications, "delay")],
    ids=["after the commit", "before the hint"],
)
def test_killed_once_it_is_made_the_sweep_mails_what_is_owed(told, alice, mend, accounts, kind, owner, name, run):
    if kind == "typo" and owner is send_notice_notifications:
        amend(told, kind, alice, people=PEOPLE)  # it tells nobody, so there is no hint to die in
    else:
        killed(told, alice, kind, owner, name)
    owed = {"waiting": TOLD[kind]} if TOLD[kind] else {}
    assert now(told) == ("applied", True, 2 if kind == "material" else 1, {"sent": PEOPLE} | owed)
    assert mend() == 1
    assert accounts() == {"sent": PEOPLE + TOLD[kind]}
