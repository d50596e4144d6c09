"""What the audience questions answer with."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Address:
    """Whom something is addressed to: entities, groups and single people, by id."""

    recipient_ids: tuple[int, ...] = ()
    group_ids: tuple[int, ...] = ()
    person_ids: tuple[int, ...] = ()

    @classmethod
    def of(cls, recipients: Iterable[int] = (), groups: Iterable[int] = (), people: Iterable[int] = ()) -> "Address":
        return cls(*(tuple(sorted(set(ids))) for ids in (recipients, groups, people)))

    def without(self, other: "Address") -> "Address":
        return Address.of(
            set(self.recipient_ids) - set(other.recipient_ids),
            set(self.group_ids) - set(other.group_ids),
            set(self.person_ids) - set(other.person_ids),
        )

    def __bool__(self) -> bool:
        return bool(self.recipient_ids or self.group_ids or self.person_ids)


@dataclass(frozen=True, slots=True)
class AudienceSummary:
    """The people behind an address, in numbers. `total` counts each active person once."""

    total: int
    overlapping: int  # of the total: reached through more than one address
    without_email: int  # of the total: told in the inbox only
    inactive: int  # left out
    address_fails: int = 0  # of the total: mail to them comes back, so they too are told in the inbox only


@dataclass(frozen=True, slots=True)
class AudienceChange:
    """What another address would change, in active people."""

    coming: int
    going: int
    staying: int


@dataclass(frozen=True, slots=True)
class AudienceMember:
    person_id: int
    name: str
    email: str
    is_active: bool
    reasons: tuple[str, ...]  # "Site Leeds", "Night shift (group)", "named"
