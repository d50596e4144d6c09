"""The inbox: the first page and the number of unread notices, for four kinds of reader.

Time is the median, over ten people of the kind, of each one's median; the limit is the same rows by hand-written SQL
over a bare psycopg cursor (3 x is the target, 2 x the stretch). `.buffers` is the most any of them touched, limit 500.
`.growth` compares with scale S, taken in the same run. Every answer is first compared with the slow question that
walks the tables of the audience.

`inbox.unread` is the count that every page of the inbox shows, as a reader has it from the second page of the day on;
`inbox.recount` is the one that has to be made anew, and remembered: the first of the day, and after a publication.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

from backoffice.clock import today
from notices.models import Notice, UnreadCount
from notices.repositories import NoticeRepository
from notices.services import NoticeService
from recipients.models import User
from tests.bench.report import Figure, MeasurementError
from tests.bench.timing import bare_connection, buffers, in_turns, on_scale, seconds

PEOPLE = 10
MOST_BUFFERS = 500
READERS = {"typical": "Colleague", "sparse": "Contractor", "fifty_groups": "Coordinator", "well_read": "Archivist"}
KEYS_BY_HAND = """
    WITH entity AS MATERIALIZED (
        SELECT DISTINCT ra.recipient_id
        FROM recipients_roleassignment ra JOIN recipients_recipient r ON r.id = ra.recipient_id AND r.is_active
        WHERE ra.user_id = %(user)s AND coalesce(ra.starts_on <= %(day)s, true) AND coalesce(ra.ends_on >= %(day)s, true)
    )
    SELECT recipient_id * 4 AS key FROM entity
    UNION ALL
    SELECT g.id * 4 + 1 FROM recipients_recipientgroup g
    WHERE NOT g.is_deleted AND g.id = ANY(ARRAY(
        SELECT recipient_group_id FROM entity JOIN recipients_recipientgrouprecipient USING (recipient_id)
        UNION ALL SELECT recipient_group_id FROM recipients_recipientgroupadditionalrecipient WHERE user_id = %(user)s))
    UNION ALL
    SELECT %(user)s::bigint * 4 + 2
"""
READ_BY_HAND = "SELECT notice_id, revision FROM notices_readacknowledgment WHERE user_id = %(user)s"
ON_SHOW = "a.starts_on <= %(day)s AND (a.ends_on IS NULL OR a.ends_on >= %(day)s)"
COUNT_BY_HAND = f"""
    SELECT count(DISTINCT a.notice_id) FROM notices_audiencekey a
    WHERE a.key = ANY(ARRAY({KEYS_BY_HAND})) AND {ON_SHOW} AND ((a.notice_id, a.revision) IN ({READ_BY_HAND})) IS FALSE
"""
NEWEST = f"""
    SELECT DISTINCT a.published_at, a.notice_id FROM mine, LATERAL (
        SELECT a.published_at, a.notice_id FROM notices_audiencekey a
        WHERE a.key = mine.key AND {ON_SHOW} AND ((a.notice_id, a.revision) IN (SELECT * FROM done)) IS {{}}
        ORDER BY 1 DESC, 2 DESC LIMIT 25) a
    WHERE {{}} ORDER BY 1 DESC, 2 DESC LIMIT 25
"""
PAGE_BY_HAND = f"""
    WITH mine AS MATERIALIZED ({KEYS_BY_HAND}), done AS MATERIALIZED ({READ_BY_HAND}),
    unread AS MATERIALIZED ({NEWEST.format("FALSE", "true")}),
    read AS MATERIALIZED ({NEWEST.format("TRUE", "(SELECT count(*) FROM unread) < 25")}),
    page AS MATERIALIZED (
        SELECT array_agg(notice_id) AS ids FROM (SELECT notice_id FROM unread UNION ALL SELECT notice_id FROM read LIMIT 25) x),
    ack AS MATERIALIZED (
        SELECT * FROM notices_readacknowledgment WHERE user_id = %(user)s AND notice_id = ANY((SELECT ids FROM page)::bigint[]))
    SELECT n.id, ack.read_at IS NOT NULL AS was_read, ack.read_at, ack.acknowledged_at, n.title, n.content, n.category_id, n.status,
           n.start_date, n.end_date, n.published_at, n.revision, n.requires_acknowledgement, n.due_date,
           n.id IN (SELECT notice_id FROM notices_favourite WHERE user_id = %(user)s)
    FROM notices n LEFT JOIN ack ON ack.notice_id = n.id AND ack.revision = n.revision
    WHERE n.id = ANY((SELECT ids FROM page)::bigint[])
    ORDER BY was_read, n.published_at DESC, n.id DESC
"""


@dataclass(frozen=True, slots=True)
class Question:
    """What a page asks, the hand-written SQL for it, the oracle for its answer, and what is done before, untimed."""

    ask: Callable[[Any], Any]
    by_hand: str
    oracle: Callable[[Any], Any]
    comparable: Callable[[Any], Any]
    before: Callable[[Any], Any] = id


def _oracle(person: Any) -> Any:
    return Notice.objects.published().for_user(person)


def _unread(person: Any) -> int:
    return _oracle(person).unread_by(person).count()


def _forget(person: Any) -> None:
    """As midnight does: the row stays, and counts no more."""
    UnreadCount.objects.filter(user=person).update(day="2000-01-01")


QUESTIONS = {
    "page": Question(
        NoticeRepository.inbox_page,
        PAGE_BY_HAND,
        lambda person: list(
            _oracle(person).with_read_status(person).order_by("was_read", "-published_at", "-pk").values_list("pk", "was_read")[:25]
        ),
        lambda notices: [(notice.pk, notice.was_read) for notice in notices],
    ),
    "unread": Question(NoticeService.get_unread_count, COUNT_BY_HAND, _unread, int),
    "recount": Question(NoticeService.get_unread_count, COUNT_BY_HAND, _unread, int, before=_forget),
}


def benches(scale: str) -> dict[str, Callable[[], list[Figure]]]:
    return {f"inbox.{name}.{reader}": partial(_measure, scale, name, reader) for name in QUESTIONS for reader in READERS}


def _measure(scale: str, name: str, reader: str) -> list[Figure]:
    title, question, people = f"inbox.{name}.{reader}", QUESTIONS[name], _people(reader)
    _check(question, people)
    with bare_connection() as bare:
        times = [_in_turns(bare, question, person) for person in people]
    limit, value = (median(column) * 1000 for column in zip(*times, strict=True))
    touched = max(_buffers(question, person) for person in people)
    figures = [Figure(title, value, "ms", limit, 3), Figure(f"{title}.buffers", touched, "buffers", MOST_BUFFERS, 1)]
    if scale != "S":
        here = _milliseconds(question, people)
        with on_scale("S"):
            figures.append(Figure(f"{title}.growth", here, "ms", _milliseconds(question, _people(reader)), 2))
    return figures


def _in_turns(bare: Any, question: Question, person: Any) -> tuple[float, float]:
    by_hand, ask = partial(_by_hand, bare, question, person), partial(question.ask, person)
    return in_turns(by_hand, ask, before=partial(question.before, person))


def _buffers(question: Question, person: Any) -> int:
    return buffers(partial(question.ask, person), before=partial(question.before, person))


def _by_hand(bare: Any, question: Question, person: Any) -> list[tuple]:
    return bare.execute(question.by_hand, {"user": person.pk, "day": today()}).fetchall()


def _milliseconds(question: Question, people: list[User]) -> float:
    """Median over `people`, who take turns."""
    rounds = [[_once(question, person) for person in people] for _ in range(15)]
    return median(median(times) for times in zip(*rounds, strict=True))


def _once(question: Question, person: Any) -> float:
    question.before(person)
    return seconds(partial(question.ask, person)) * 1000


def _people(reader: str) -> list[User]:
    """Ten active people of a kind, spread over all of them."""
    everyone = User.objects.active().filter(job_title=READERS[reader]).order_by("pk")
    step = max(everyone.count() // PEOPLE, 1)
    return list(everyone)[::step][:PEOPLE]


def _check(question: Question, people: list[User]) -> None:
    with bare_connection() as bare:
        for person in people:
            expected = question.oracle(person)
            answers = [question.comparable(question.ask(person)) for _ in range(2)]  # made anew, and perhaps remembered
            if answers != [expected, expected]:
                raise MeasurementError(f"the answer for person {person.pk} is wrong")
            rows = _by_hand(bare, question, person)
            if (rows[0][0] if isinstance(expected, int) else [(row[0], row[1]) for row in rows]) != expected:
                raise MeasurementError(f"the hand-written SQL is wrong for person {person.pk}")
