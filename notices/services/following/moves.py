"""Following the moves that triggers noted: in batches that are small whatever a move is, by one worker at a time."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection, transaction

from backoffice import clock
from notices.models import AudienceMove, MembershipDay
from notices.services.following.alone import alone_at_once
from notices.services.following.result import Followed
from notices.services.following.statements import FOLLOW, LIVE, OF_MOVES, words
from recipients.audience import GROUP, KEY_KINDS, PERSON, RECIPIENT

MOST_PEOPLE = 1000  # of one move, and of one batch
MOST_PAIRS = 50_000  # of a person and a notice, in one batch
EVERY_NOTICE = 2**63 - 1

# Of those that switched something as a whole: who is behind it now, and for a person, what leads to them now.
COMPLETE = f"""
    UPDATE notices_audiencemove m
    SET behind = NULL,
        people = ARRAY(
            SELECT unnest(m.people)
            UNION
            SELECT r.user_id FROM unnest(m.behind) key JOIN recipients_roleassignment r ON r.recipient_id = key / {KEY_KINDS}
            WHERE key % {KEY_KINDS} = {RECIPIENT}
            UNION
            SELECT p.user_id
            FROM unnest(m.behind) key JOIN recipients_recipientgroupadditionalrecipient p ON p.recipient_group_id = key / {KEY_KINDS}
            WHERE key % {KEY_KINDS} = {GROUP}
            UNION
            SELECT r.user_id
            FROM unnest(m.behind) key JOIN recipients_recipientgrouprecipient g ON g.recipient_group_id = key / {KEY_KINDS}
            JOIN recipients_roleassignment r USING (recipient_id)
            WHERE key % {KEY_KINDS} = {GROUP}
        ),
        keys = ARRAY(
            SELECT unnest(m.keys)
            UNION
            SELECT r.recipient_id * {KEY_KINDS} + {RECIPIENT}
            FROM unnest(m.behind) key JOIN recipients_roleassignment r ON r.user_id = key / {KEY_KINDS}
            WHERE key % {KEY_KINDS} = {PERSON}
            UNION
            SELECT p.recipient_group_id * {KEY_KINDS} + {GROUP}
            FROM unnest(m.behind) key JOIN recipients_recipientgroupadditionalrecipient p ON p.user_id = key / {KEY_KINDS}
            WHERE key % {KEY_KINDS} = {PERSON}
        )
    WHERE m.behind IS NOT NULL
"""
SPLIT = """
    WITH long AS (DELETE FROM notices_audiencemove WHERE cardinality(people) > %(most)s RETURNING *)
    INSERT INTO notices_audiencemove (keys, people, at)
    SELECT l.keys, array_agg(p.person), l.at
    FROM long l, unnest(l.people) WITH ORDINALITY AS p(person, position)
    GROUP BY l.id, l.keys, l.at, (p.position - 1) / %(most)s
"""
NEXT = f"""
    SELECT m.id, m.after, cardinality(m.people), (
        SELECT count(DISTINCT a.notice_id) FROM notices_audiencekey a WHERE a.key = ANY(m.keys) AND a.notice_id > m.after AND {LIVE}
    )
    FROM notices_audiencemove m ORDER BY m.id LIMIT 200
"""
UNTIL = f"""
    SELECT DISTINCT a.notice_id FROM notices_audiencemove m JOIN notices_audiencekey a ON a.key = ANY(m.keys) AND {LIVE}
    WHERE m.id = %(move)s AND a.notice_id > m.after ORDER BY 1 OFFSET %(notices)s LIMIT 1
"""
BEGUN_OR_ENDED = """
    INSERT INTO notices_audiencemove (keys, people)
    SELECT notices_keys_of_recipient(recipient_id), array_agg(DISTINCT user_id)
    FROM recipients_roleassignment
    WHERE starts_on > %(last)s AND starts_on <= %(today)s OR ends_on >= %(last)s AND ends_on < %(today)s
    GROUP BY recipient_id
"""


@dataclass(frozen=True, slots=True)
class Batch:
    """Moves that are followed together, for the notices between two numbers."""

    moves: list[int]
    after: int = 0
    until: int = EVERY_NOTICE


@transaction.atomic
def follow_some() -> Followed | None:
    """Follow one batch. None: nothing is left, or it is not the time: someone else follows, or publishes."""
    if not alone_at_once():
        return None
    today = clock.today()
    _note_the_day(today)
    batch = _next_batch(today)
    return _follow(batch, today) if batch else None


def _note_the_day(today: date) -> None:
    """Once a day, the memberships that begin with it or ended before it; after an outage, of the days since."""
    last = MembershipDay.objects.order_by("-day").values_list("day", flat=True).first()
    if last is not None and last >= today:
        return
    _run(BEGUN_OR_ENDED, {"last": last or today, "today": today})
    MembershipDay.objects.all().delete()
    MembershipDay.objects.create(day=today)


def _next_batch(today: date) -> Batch | None:
    _run(COMPLETE)
    _run(SPLIT, {"most": MOST_PEOPLE})
    rows = _fetch(NEXT, {"day": today})
    if not rows:
        return None
    first, after, people, notices = rows[0]
    if after or people * notices > MOST_PAIRS:
        return _part_of(first, after, max(1, MOST_PAIRS // people), today)
    moves: list[int] = []
    pairs = crowd = 0
    for move, begun, people, notices in rows:
        pairs, crowd = pairs + people * notices, crowd + people
        if begun or pairs > MOST_PAIRS or crowd > MOST_PEOPLE:
            break
        moves.append(move)
    return Batch(moves)


def _part_of(move: int, after: int, notices: int, today: date) -> Batch:
    beyond = _fetch(UNTIL, {"move": move, "notices": notices, "day": today})
    return Batch([move], after, beyond[0][0] - 1 if beyond else EVERY_NOTICE)


def _follow(batch: Batch, today: date) -> Followed:
    moves = AudienceMove.objects.filter(pk__in=batch.moves)
    people = sorted({person for move in moves for person in move.people})
    bounds = {"moves": batch.moves, "after": batch.after, "until": batch.until}
    [row] = _fetch(FOLLOW.format(members=OF_MOVES), bounds | words() | {"day": today, "only": people})
    if batch.until == EVERY_NOTICE:
        moves.delete()
    else:
        moves.update(after=batch.until)
    return Followed.of(row)


def _run(sql: str, parameters: dict[str, Any] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def _fetch(sql: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()
