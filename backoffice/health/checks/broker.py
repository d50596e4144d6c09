"""The queue: can a hint be left there, and how many wait?"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection
from django.db.utils import Error as DatabaseProblem
from django.utils.translation import gettext as _

from backoffice.broker import DATABASE_BROKER_URL
from backoffice.celery import app
from backoffice.health.bounded import within
from backoffice.health.findings import Finding, Group, in_words
from backoffice.health.registry import check

LIMIT = 5  # seconds


class QueueMissingError(Exception):
    """`migrate` makes the queue in the database."""


@check("broker", Group.WORK, asks_database=False, on_card=True, ready=True)
def broker() -> Iterator[Finding]:
    try:
        queue_length()
    except QueueMissingError:
        yield Finding(_("The queue in the database is missing, so no task starts."), _("Run “manage.py migrate”: it makes the queue."))
    except DatabaseProblem:
        yield Finding(_("The queue is in the database, which cannot be asked."), _("Mend the database: the queue is there with it."))
    except Exception as error:  # noqa: BLE001 - each broker has errors of its own
        told = {"broker": _name(), "error": in_words(error)}
        yield Finding(
            _("The broker (%(broker)s) cannot be used: %(error)s. What is published meanwhile is mailed once it is back.") % told,
            _("Start it, and check CELERY_BROKER_URL. Workers connect again by themselves."),
        )


def queue_length() -> int:
    """How many hints wait.

    Raises:
        Exception: of whatever kind the driver has; the broker cannot be used.
    """
    return _length_in_the_database() if settings.CELERY_BROKER_URL == DATABASE_BROKER_URL else within(LIMIT, _length_elsewhere)


def load_driver() -> None:
    """Without connecting."""
    if settings.CELERY_BROKER_URL != DATABASE_BROKER_URL:
        app.connection_for_write(settings.CELERY_BROKER_URL).get_transport_cls()


def _length_in_the_database() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('pgmq.meta') IS NOT NULL, to_regclass('pgmq.q_celery') IS NOT NULL")
        is_installed, is_used = cursor.fetchone()
        if not is_installed:
            raise QueueMissingError
        if not is_used:  # the first worker or message makes it
            return 0
        cursor.execute("SELECT count(*) FROM pgmq.q_celery")
        return cursor.fetchone()[0]


def _length_elsewhere() -> int:
    with app.connection_for_write(settings.CELERY_BROKER_URL) as wire:
        channel = wire.channel()
        try:
            return channel.queue_declare(queue=app.conf.task_default_queue, passive=True).message_count
        except wire.channel_errors:  # no such queue yet
            return 0


def _name() -> str:
    """Without the password that may stand in the address."""
    address = urlsplit(settings.CELERY_BROKER_URL)
    return f"{address.scheme}://{address.hostname}" + (f":{address.port}" if address.port else "")
