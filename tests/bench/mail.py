"""One worker that mails a notice, in this process, to a sink on this machine.

Messages a second of `DeliveryService.deliver`, claims and reports included. The limit is Django's plain way: for each
person text and HTML rendered, an `EmailMultiAlternatives`, a connection of its own. At least 5 x as fast is the target.
"""

from collections.abc import Callable

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, mailers
from django.db import connection
from django.template.loader import render_to_string
from django.test import override_settings
from django.utils import timezone

from notices.models import Delivery, Notice
from notices.rendering import notice_url, render
from notices.services import DeliveryService
from recipients.models import User
from tests.bench.report import Figure, MeasurementError
from tests.bench.timing import middle, seconds
from tests.smtp_sink import running

ROUNDS = 5
MAILS, PLAIN_MAILS = 2_000, 200  # per round; the rates are compared


def benches(scale: str) -> dict[str, Callable[[], list[Figure]]]:
    return {"mail.worker": _measure}


def _measure() -> list[Figure]:
    notice = Notice.objects.filter(status=Notice.Status.PUBLISHED).select_related("category").order_by("-pk").first()
    people = list(User.objects.active().with_address()[:MAILS])
    with running() as port, _mailing_to(port):
        pairs = [(_plain(notice, people), _worker(notice, people)) for _ in range(ROUNDS)]
    limits, values = zip(*pairs, strict=True)
    return [Figure("mail.worker", middle(values), "mails/s", middle(limits), 5, more_is_better=True)]


def _mailing_to(port: int):
    smtp = {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": {"host": "127.0.0.1", "port": port, "timeout": 20}}
    return override_settings(MAILERS={"default": smtp})


def _plain(notice: Notice, people: list[User]) -> float:
    some = people[:PLAIN_MAILS]
    return len(some) / seconds(lambda: [_send(notice, person) for person in some])


def _send(notice: Notice, person: User) -> None:
    rendered = render(notice)
    context = {
        "notice": notice,
        "content_html": rendered.html,
        "content_text": rendered.text,
        "url": notice_url(notice),
        "organisation": settings.ORGANISATION_NAME,
    }
    message = EmailMultiAlternatives(notice.title, render_to_string("notices/mail/notice.txt", context), to=[person.email])
    message.attach_alternative(render_to_string("notices/mail/notice.html", context), "text/html")
    mailers.create_connection("default").send_messages([message])


def _worker(notice: Notice, people: list[User]) -> float:
    now = timezone.now()
    Delivery.objects.bulk_create(
        Delivery(notice=notice, person=person, revision=notice.revision, next_attempt_at=now, changed_at=now) for person in people
    )
    try:
        taken = seconds(lambda: DeliveryService.deliver(notice.pk))
        if Delivery.objects.filter(state=Delivery.State.SENT).count() != len(people):
            raise MeasurementError("not every mail was sent")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE notices_delivery")
    return len(people) / taken
