"""Workers that mail a notice to a sink on this machine, and what they are measured against.

`mail.worker` is one worker in this process, claims and reports included, against Django's plain way (text and HTML
rendered for each person, a connection of its own): at least 5 x. `mail.bare` is the same against a bare SMTP client that
sends the same finished mails over a kept connection: at least 0.5 x. `mail.two` is two processes against one: at least
1.7 x, to a sink that takes its time over each mail, as servers do; on a machine with few cores the sink, PostgreSQL and
the workers share them. `mail.page` is the Delivery tab while a worker sends, against the same page before: at most 3 x.
`claims.rows` is claiming alone, against 20,000 rows a second.
"""

import os
import smtplib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, mailers
from django.db import connection, connections
from django.template.loader import render_to_string
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from notices.mail.texts import NoticeMailer, notice_context
from notices.models import Delivery, Notice
from notices.services import DeliveryService
from recipients.models import User
from tests.bench.listing import SETTINGS
from tests.bench.organisation import ADMIN
from tests.bench.report import Figure, MeasurementError
from tests.bench.timing import forget_peak, middle, resident, seconds
from tests.smtp_sink import running

ROUNDS = 5
MAILS, PLAIN_MAILS = 2_000, 200  # per round; the rates are compared
MANY = {"S": 1_000, "M": 20_000, "L": 200_000}
CLAIMED_A_SECOND = 20_000
SLOW = 0.005  # seconds that a server takes over a mail
MOST_MEMORY = 10
PAGES = 9


def benches(scale: str) -> dict[str, Callable[[], list[Figure]]]:
    return {
        "mail.worker": lambda: _against("mail.worker", _plain, 5),
        "mail.bare": lambda: _against("mail.bare", _bare, 0.5),
        "mail.two": _two,
        "mail.memory": lambda: _memory(MANY[scale]),
        "mail.page": lambda: _page(max(MAILS, MANY[scale])),
        "claims.rows": lambda: _claims(MANY[scale]),
    }


def _notice() -> Notice:
    return Notice.objects.filter(status=Notice.Status.PUBLISHED).select_related("category").order_by("-pk").first()


def _people(count: int) -> list[User]:
    return list(User.objects.active().with_address()[:count])


def _against(name: str, limit: Callable[[Notice, list[User]], float], target: float) -> list[Figure]:
    notice, people = _notice(), _people(MAILS)
    with running() as port, _mailing_to(port):
        pairs = [(limit(notice, people), _worker(notice, people)) for _ in range(ROUNDS)]
    limits, values = zip(*pairs, strict=True)
    return [Figure(name, middle(values), "mails/s", middle(limits), target, more_is_better=True)]


@contextmanager
def _mailing_to(port: int) -> Iterator[None]:
    options = {"host": "127.0.0.1", "port": port, "timeout": 20}
    smtp = {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}
    with override_settings(MAILERS={"default": smtp}):
        yield


def _plain(notice: Notice, people: list[User]) -> float:
    some = people[:PLAIN_MAILS]
    return len(some) / seconds(lambda: [_send(notice, person) for person in some])


def _send(notice: Notice, person: User) -> None:
    context = notice_context(notice)
    message = EmailMultiAlternatives(notice.title, render_to_string("notices/mail/notice.txt", context), to=[person.email])
    message.attach_alternative(render_to_string("notices/mail/notice.html", context), "text/html")
    mailers.create_connection("default").send_messages([message])


def _bare(notice: Notice, people: list[User]) -> float:
    with NoticeMailer(notice) as mailer:
        mails = [(person.email, mailer.write(number, person.get_full_name(), person.email)) for number, person in enumerate(people)]
    port = settings.MAILERS["default"]["OPTIONS"]["port"]

    def send() -> None:
        with smtplib.SMTP("127.0.0.1", port) as client:
            for email, text in mails:
                client.sendmail("notices@example.org", [email], text)

    return len(people) / seconds(send)


def _worker(notice: Notice, people: list[User]) -> float:
    with _owed(notice, people):
        return len(people) / seconds(lambda: _deliver_all(notice.pk))


def _deliver_all(notice_id: int) -> None:
    while DeliveryService.deliver(notice_id):
        pass


def _clear() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE notices_delivery, notices_deliveryevent, notices_bounce, notices_claim, notices_mailserver")


@contextmanager
def _owed(notice: Notice, people: list[User], *, to_the_end: bool = True) -> Iterator[None]:
    _clear()  # what a run that was broken off left
    now = timezone.now()
    Delivery.objects.bulk_create(
        Delivery(notice=notice, person=person, revision=notice.revision, next_attempt_at=now, changed_at=now) for person in people
    )
    try:
        yield
        if to_the_end and Delivery.objects.filter(state=Delivery.State.SENT).count() != len(people):
            raise MeasurementError("not every mail was sent")
    finally:
        _clear()


def _two() -> list[Figure]:
    notice, people = _notice(), _people(MAILS)
    with running(delay=SLOW) as port, _mailing_to(port):
        pairs = [(_processes(1, notice, people), _processes(2, notice, people)) for _ in range(ROUNDS)]
    ones, twos = zip(*pairs, strict=True)
    return [Figure(f"mail.two.{os.cpu_count()}_cores", middle(twos), "mails/s", middle(ones), 1.7, more_is_better=True)]


def _processes(count: int, notice: Notice, people: list[User]) -> float:
    with _owed(notice, people):
        connections.close_all()  # else a child would share it
        fork = get_context("fork")
        children = [fork.Process(target=_deliver_all, args=(notice.pk,)) for _ in range(count)]

        def run() -> None:
            for child in children:
                child.start()
            for child in children:
                child.join()

        return len(people) / seconds(run)


def _page(count: int) -> list[Figure]:
    """The Delivery tab while a worker sends, against the same page before."""
    notice, people = _notice(), _people(count)
    client = Client()
    client.force_login(User.objects.get(username=ADMIN))
    url = reverse("admin:notices_notice_delivery", args=[notice.pk])
    with running(delay=SLOW) as port, _mailing_to(port), override_settings(**SETTINGS), _owed(notice, people, to_the_end=False):
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE notices_delivery")  # as a minute after publication; before, idle pages are slower too
        client.get(url)
        idle = middle(seconds(lambda: client.get(url)) for _ in range(PAGES))
        connections.close_all()
        worker = get_context("fork").Process(target=_deliver_all, args=(notice.pk,))
        worker.start()
        busy = middle(seconds(lambda: client.get(url)) for _ in range(PAGES))
        if not worker.is_alive():
            raise MeasurementError("all mails were sent before the page was")
        worker.kill()
        worker.join()
    return [Figure("mail.page", busy * 1000, "ms", idle * 1000, 3)]


def _memory(count: int) -> list[Figure]:
    notice, people = _notice(), _people(count)
    with running() as port, _mailing_to(port), _owed(notice, people):
        del people
        DeliveryService.deliver(0)
        forget_peak()
        before = resident()
        _deliver_all(notice.pk)
        grown = resident(peak=True) - before
    return [Figure("mail.memory", grown, "MB", MOST_MEMORY, 1)]


def _claims(count: int) -> list[Figure]:
    notice, people = _notice(), _people(count)
    _clear()
    now = timezone.now()
    Delivery.objects.bulk_create(
        Delivery(notice=notice, person=person, revision=notice.revision, next_attempt_at=now, changed_at=now) for person in people
    )
    try:
        taken = seconds(lambda: [None for _ in iter(lambda: DeliveryService.claim(notice), None)])
        if Delivery.objects.filter(state=Delivery.State.CLAIMED).count() != len(people):
            raise MeasurementError("not every mail was claimed")
    finally:
        _clear()
    return [Figure("claims.rows", len(people) / taken, "rows/s", CLAIMED_A_SECOND, 1, more_is_better=True)]
