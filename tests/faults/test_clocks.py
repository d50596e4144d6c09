"""A host's clock is wrong by an hour: the database's decides, so nothing leaves earlier, later or twice."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from notices.models import Claim, Delivery, Notice
from notices.services import DeliveryService, NoticeService
from notices.services.sending.claims import settle
from notices.tasks import publish_due
from tests.clock import pass_time
from tests.faults.conftest import PEOPLE
from tests.makers import make_draft

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = timedelta(hours=1)
OFF = pytest.mark.parametrize("off", [-HOUR, HOUR], ids=["slow", "fast"])


@OFF
def test_a_worker_with_a_wrong_clock_sends_each_mail_once(notice, mend, accounts, off, run):
    with time_machine.travel(timezone.now() + off):
        assert DeliveryService.deliver(notice.pk) == PEOPLE
    mend()
    assert accounts() == {"sent": PEOPLE}


@OFF
def test_a_sweep_with_a_wrong_clock_takes_nothing_from_a_worker_that_lives(notice, mend, accounts, off, run):
    DeliveryService.claim(notice, batch=5)
    with time_machine.travel(timezone.now() + off):
        assert settle([Delivery]) == 0
    assert Claim.objects.count() == 1
    mend()
    assert accounts() == {"sent": PEOPLE}


@OFF
def test_what_is_scheduled_goes_out_at_its_moment(alice, readers, mend, accounts, off, run):
    draft = make_draft(author=alice, people=tuple(readers))
    NoticeService.schedule(draft.pk, timezone.now() + HOUR / 2, actor=alice)
    with time_machine.travel(timezone.now() + off):
        assert publish_due() == 0
        pass_time(HOUR / 2)
        assert publish_due() == 1
    mend()
    assert accounts() == {"sent": PEOPLE}
    assert Notice.objects.get().is_published
