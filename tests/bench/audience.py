"""What an author waits for before publishing to everybody: the numbers, the first page of people, and why each is in it.

Seconds for `AudienceRepository.summary`, `people()[:25]` and `explain` together. The limit is the same answers by
hand-written SQL over a bare psycopg cursor (3 x); `.seconds` is the same time against one second.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from backoffice.clock import today
from recipients.dtos import Address
from recipients.models import Recipient, User
from recipients.repositories import AudienceRepository
from tests.bench.report import Figure, MeasurementError
from tests.bench.timing import bare_connection, in_turns

PAGE = 25
CURRENT = "coalesce(ra.starts_on <= %(day)s, true) AND coalesce(ra.ends_on >= %(day)s, true)"
ADDRESSED = f"""
    FROM recipients_roleassignment ra JOIN recipients_recipient r ON r.id = ra.recipient_id AND r.is_active
    WHERE ra.recipient_id = ANY(%(ids)s) AND {CURRENT}
"""
SUMMARY_BY_HAND = f"""
    SELECT count(*) FILTER (WHERE active), count(*) FILTER (WHERE active AND first <> last),
           count(*) FILTER (WHERE active AND mute), count(*) FILTER (WHERE NOT active)
    FROM (
        SELECT bool_and(u.is_active) AS active, bool_and(u.email = '') AS mute, min(a.recipient_id) AS first, max(a.recipient_id) AS last
        FROM (SELECT ra.user_id, ra.recipient_id {ADDRESSED}) a JOIN recipients_user u ON u.id = a.user_id GROUP BY u.id
    ) people
"""
PEOPLE_BY_HAND = f"""
    SELECT u.* FROM recipients_user u WHERE u.is_active AND EXISTS (SELECT {ADDRESSED} AND ra.user_id = u.id)
    ORDER BY u.last_name, u.first_name, u.id LIMIT {PAGE}
"""
REASONS_BY_HAND = f"SELECT DISTINCT ra.user_id, r.name {ADDRESSED} AND ra.user_id = ANY(%(only)s)"


def benches(scale: str) -> dict[str, Callable[[], list[Figure]]]:
    return {"audience.preview": _measure}


def _measure() -> list[Figure]:
    address = Address.of([Recipient.objects.get(name="All staff").pk])
    with bare_connection() as bare:
        ask, by_hand = partial(_preview, address), partial(_by_hand, bare, address)
        if ask() != by_hand():
            raise MeasurementError("the repository and the hand-written SQL disagree")
        limit, value = in_turns(by_hand, ask)
    return [Figure("audience.preview", value, "s", limit, 3), Figure("audience.preview.seconds", value, "s", 1, 1)]


def _preview(address: Address) -> tuple[Any, list]:
    summary = AudienceRepository.summary(address)
    members = AudienceRepository.explain(address, list(AudienceRepository.people(address)[:PAGE]), reader=User(is_superuser=True))
    numbers = (summary.total, summary.overlapping, summary.without_email, summary.inactive)
    return numbers, [(member.person_id, member.reasons) for member in members]


def _by_hand(bare: Any, address: Address) -> tuple[Any, list]:
    parameters = {"ids": list(address.recipient_ids), "day": today()}
    numbers = bare.execute(SUMMARY_BY_HAND, parameters).fetchone()
    people = [row[0] for row in bare.execute(PEOPLE_BY_HAND, parameters).fetchall()]
    reasons = dict(bare.execute(REASONS_BY_HAND, parameters | {"only": people}).fetchall())
    return numbers, [(person, (reasons[person],)) for person in people]
