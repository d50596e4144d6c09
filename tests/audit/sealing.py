"""What the tests of seals share: rows that are committed, and hands that tamper with them."""

from contextlib import contextmanager

from django.db import connection, transaction

from audit.models import Entry
from audit.seals.epochs import position
from audit.seals.sealing import seal
from recipients.models import Recipient
from tests.waiting import eventually

HISTORY = "recipients_historicalrecipient"


def write(*names: str) -> None:
    """Each name in a transaction of its own."""
    for name in names:
        Recipient.objects.create(code=name, name=name)


def sealed(*names: str):
    write(*names)
    return seal_now()


def seal_now():
    wait_until_sealable()
    return seal()


def wait_until_sealable():
    """Until nothing runs any more on this server that could be older: tests of another process use it too."""
    eventually(lambda: not Entry.objects.filter(history_stamp__gte=position().horizon).exists(), seconds=100)


@contextmanager
def triggers_off(table: str = HISTORY):
    """As whoever owns the database can."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield cursor
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what is still to be checked keeps a table from being altered
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def tamper(statement: str, *parameters: object, table: str = HISTORY) -> None:
    with triggers_off(table) as cursor:
        cursor.execute(statement, parameters)
