"""Messages to workers are hints: without a broker, lost, or twice, everything ends all the same, within a lease and two sweeps."""

import subprocess
import sys

import pytest
from django.conf import settings as django_settings
from django.db import connection

from notices.services import DeliveryService, NoticeService
from notices.tasks import send_notice_notifications
from tests.faults.conftest import PEOPLE
from tests.makers import make_draft
from tests.notices.test_races import together
from tests.processes import environment
from tests.smtp import free_port

pytestmark = pytest.mark.django_db(transaction=True)
PUBLISH = """
import django
django.setup()
from notices.services import NoticeService
from recipients.models import User
print(NoticeService.publish({notice}, actor=User.objects.get(pk={actor})).status)
"""


@pytest.mark.parametrize("broker", ["redis://127.0.0.1:{port}/0", "amqp://guest@127.0.0.1:{port}//"])
def test_published_while_the_broker_is_away(alice, readers, mend, accounts, broker, run):
    draft = make_draft(author=alice, people=tuple(readers))
    program = PUBLISH.format(notice=draft.pk, actor=alice.pk)
    command = [sys.executable, "-c", program]
    done = subprocess.run(
        command, env=environment(CELERY_BROKER_URL=broker.format(port=free_port())), cwd=django_settings.BASE_DIR,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stdout.strip() == "published", done.stderr
    assert mend() == 1
    assert accounts() == {"sent": PEOPLE}


def test_every_hint_is_lost(notice, mend, accounts, run):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pgmq.purge_queue(queue_name) FROM pgmq.list_queues()")
    assert mend() == 1
    assert accounts() == {"sent": PEOPLE}


def test_every_hint_comes_several_times_at_once(notice, mend, accounts, run):
    together(*[lambda: send_notice_notifications(notice.pk)] * 5)
    mend()
    assert accounts() == {"sent": PEOPLE}


def test_nobody_swept_for_a_day_and_then_two_did(alice, readers, mend, accounts, run):
    draft = make_draft(author=alice, people=tuple(readers))
    draft.publish()  # the state alone: not even deliveries
    together(*[DeliveryService.mend] * 3)
    assert mend() == 1
    assert accounts() == {"sent": PEOPLE}


def test_a_hint_about_a_notice_that_was_never_published_sends_nothing(alice, readers, server, accounts, run):
    draft = make_draft(author=alice, people=tuple(readers))
    for notice_id in (draft.pk, 0, 2**40):
        assert send_notice_notifications(notice_id) == 0
    assert (accounts(), server.accepted) == ({}, [])
    assert NoticeService.publish(draft.pk, actor=alice).is_published
