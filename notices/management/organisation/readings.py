"""What became of published notices: mails, openings, acknowledgements, favourites. All drawn at random, always the same."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from django.db import connection
from django.utils import timezone

from backoffice import clock
from backoffice.demo import cast
from notices.management.organisation.notices import Told
from notices.management.organisation.past import BATCH, Past
from notices.models import Delivery, Favourite, Notice, ReadAcknowledgment
from notices.repositories import NoticeRepository
from notices.services.reading import content_digest
from recipients.audience import routes_sql
from recipients.models import User
from recipients.repositories import address_parameters

State = Delivery.State

# Everyone of the audience, settled: who has an address was sent a mail, one after the other.
DELIVER = f"""
    INSERT INTO notices_delivery (notice_id, person_id, revision, kind, state, attempts, next_attempt_at, changed_at, reason)
    SELECT %(notice)s, u.id, %(revision)s, 'publication', CASE WHEN u.email = '' THEN 'suppressed' ELSE 'sent' END,
           (u.email <> '')::int, moment, moment, CASE WHEN u.email = '' THEN %(no_address)s ELSE '' END
    FROM (SELECT DISTINCT user_id FROM ({routes_sql()}) r) audience
    JOIN recipients_user u ON u.id = audience.user_id AND u.is_active,
    LATERAL (SELECT %(shown_at)s + u.id * interval '15 milliseconds' AS moment) m
"""
# What went wrong for a few: how often, state, attempts, minutes until that was clear, reason.
MISHAPS = (
    (0.006, State.FAILED, 1, 0, "The mail server refused it: 550 5.1.1 The mailbox does not exist"),
    (0.004, State.FAILED, 8, 190, "Given up after 8 attempts. The mail server asked to try later: 452 4.2.2 The mailbox is full"),
    (0.001, State.UNKNOWN, 1, 5, "The worker stopped while sending. The mail may have arrived; send it again if in doubt."),
)
NO_ADDRESS = "No e-mail address. The notice is in the inbox."
FAVOURITE_SHARE, CAST_FAVOURITE_SHARE = 0.04, 0.4
RUSH = timedelta(days=12)  # whoever opens a notice opens it within
# So that every sign-in of the demo finds something unread.
UNREAD_DAYS = 8


def load_readings(told: list[Told], past: Past) -> int:
    """Write deliveries, readings and favourites. Returns how many were read."""
    readings: list[ReadAcknowledgment] = []
    favourites: list[Favourite] = []
    for one in told:
        _deliver(one)
        mine = list(_readings(one))
        readings += mine
        favourites += _favourites(one, mine)
    _write_readings(readings, past)
    _write_favourites(favourites, past)
    return len(readings)


def _deliver(told: Told) -> None:
    """Settle the mails of everyone who belonged to the audience on the day; a few went wrong."""
    notice = told.notice
    address = NoticeRepository.address_of(notice)
    parameters = address_parameters(address) | {
        "day": timezone.localdate(told.published_at, timezone=timezone.get_default_timezone()),
        "notice": notice.pk,
        "revision": notice.revision,
        "shown_at": told.shown_at,
        "no_address": NO_ADDRESS,
    }
    with connection.cursor() as cursor:
        cursor.execute(DELIVER, parameters)
    random = Random(notice.title)  # noqa: S311 - for likely mishaps
    unlucky = []
    for delivery in Delivery.objects.filter(notice=notice, state=State.SENT).exclude(person__username__in=cast.USERNAMES).order_by("id"):
        luck = random.random()
        for share, state, attempts, minutes, reason in MISHAPS:
            if luck < share:
                moment = delivery.changed_at + timedelta(minutes=minutes)
                delivery.state, delivery.attempts, delivery.reason = state, attempts, reason
                delivery.changed_at = delivery.next_attempt_at = moment
                unlucky.append(delivery)
                break
            luck -= share
    Delivery.objects.bulk_update(unlucky, ["state", "attempts", "reason", "changed_at", "next_attempt_at"])


def _readings(told: Told) -> Iterator[ReadAcknowledgment]:
    """The share of the people that read it, and the share of all that confirmed it."""
    notice, random = told.notice, Random(told.notice.title)  # noqa: S311 - for likely readers
    people = list(Delivery.objects.filter(notice=notice).order_by("id").values_list("person_id", flat=True))
    readers = round(len(people) * told.read_share)
    acknowledged = min(readers, round(len(people) * told.acknowledged_share)) if notice.requires_acknowledgement else 0
    if told.published_at > clock.now() - timedelta(days=UNREAD_DAYS):
        cast_ids = _cast_ids()
        people = [pk for pk in people if pk not in cast_ids]
    digest = content_digest(notice) if acknowledged else ""
    for number, person_id in enumerate(random.sample(people, min(readers, len(people)))):
        read_at = _soon(random, told.shown_at, told.gone_at)
        reading = ReadAcknowledgment(notice=notice, user_id=person_id, revision=notice.revision, read_at=read_at)
        if number < acknowledged:
            reading.acknowledged_at, reading.content_sha256 = _soon(random, read_at, told.gone_at), digest
        yield reading


def _cast_ids() -> set[int]:
    return set(User.objects.filter(username__in=cast.USERNAMES).values_list("pk", flat=True))


def _soon(random: Random, start: datetime, end: datetime) -> datetime:
    """A moment between the two: likely early, never late."""
    return start + min(end - start, RUSH) * random.betavariate(0.7, 3.5)


def _favourites(told: Told, readings: list[ReadAcknowledgment]) -> list[Favourite]:
    if told.notice.status != Notice.Status.PUBLISHED:
        return []
    random = Random(f"favourites of {told.notice.title}")  # noqa: S311 - for likely favourites
    cast_ids = _cast_ids()
    kept = [r for r in readings if random.random() < (CAST_FAVOURITE_SHARE if r.user_id in cast_ids else FAVOURITE_SHARE)]
    return [Favourite(notice=told.notice, user_id=r.user_id, created_at=r.read_at) for r in kept]


def _write_readings(readings: list[ReadAcknowledgment], past: Past) -> None:
    ReadAcknowledgment.objects.bulk_create(readings, batch_size=BATCH)
    for reading in readings:
        acknowledged_at, digest = reading.acknowledged_at, reading.content_sha256
        reading.acknowledged_at, reading.content_sha256 = None, ""
        past.note(reading, "+", when=reading.read_at, actor_id=reading.user_id)
        if acknowledged_at:
            reading.acknowledged_at, reading.content_sha256 = acknowledged_at, digest
            past.note(reading, "~", when=acknowledged_at, actor_id=reading.user_id)


def _write_favourites(favourites: list[Favourite], past: Past) -> None:
    moments = [favourite.created_at for favourite in favourites]
    Favourite.objects.bulk_create(favourites)  # sets `created_at` to now
    for favourite, moment in zip(favourites, moments, strict=True):
        favourite.created_at = moment
        past.note(favourite, "+", when=moment, actor_id=favourite.user_id)
    Favourite.objects.bulk_update(favourites, ["created_at"])
