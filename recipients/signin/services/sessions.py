"""`SessionService`: where somebody is signed in, and ending it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY
from django.utils.crypto import constant_time_compare, salted_hmac

from backoffice import clock
from recipients.signin.browsers import in_words
from recipients.signin.models import Session

BEGAN, SEEN, ADDRESS, AGENT = "signin_began", "signin_seen", "signin_address", "signin_agent"  # in the session
SEEN_EVERY = 60  # seconds: more often would be a write for each page


@dataclass(frozen=True, slots=True)
class SignedIn:
    handle: str  # stands for the session on a page: whoever reads it cannot take the session over
    device: str
    address: str
    since: datetime
    seen: datetime
    is_this: bool


def _handle(session_key: str) -> str:
    return salted_hmac("signin.session", session_key, algorithm="sha256").hexdigest()


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


class SessionService:
    @staticmethod
    def of(person: Any, *, this: str | None = "") -> list[SignedIn]:
        """Where `person` is signed in now, the newest first. `this` is the key of the session that asks."""
        found = []
        for row in Session.objects.filter(person=person, expire_date__gt=clock.now()):
            data = row.get_decoded()
            if not constant_time_compare(data.get(HASH_SESSION_KEY, ""), person.get_session_auth_hash()):
                continue  # begun with an earlier password
            began = data.get(BEGAN, 0)
            moments = _moment(began), _moment(data.get(SEEN, began))
            own = row.session_key == this
            found.append(SignedIn(_handle(row.session_key), in_words(data.get(AGENT, "")), data.get(ADDRESS, ""), *moments, own))
        return sorted(found, key=lambda one: (one.is_this, one.seen), reverse=True)

    @staticmethod
    def end_one(person: Any, handle: str) -> bool:
        """End the session behind `handle`, if it is one of `person`'s. Returns whether it was."""
        keys = Session.objects.filter(person=person).values_list("session_key", flat=True)
        mine = [key for key in keys if constant_time_compare(_handle(key), handle)]
        return bool(Session.objects.filter(session_key__in=mine).delete()[0])

    @staticmethod
    def end_all(person: Any, *, but: str | None = None) -> int:
        """Sign `person` out everywhere. Returns how many sessions that ended."""
        return Session.objects.filter(person=person).exclude(session_key=but or "").delete()[0]

    @staticmethod
    def sweep() -> int:
        """Remove sessions that are over. Returns how many."""
        return Session.objects.filter(expire_date__lt=clock.now()).delete()[0]
