"""What following changed."""

from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Followed:
    """How many people came in, how many are no longer asked, how many are asked again; and which notices have mails to send."""

    joined: int = 0
    closed: int = 0
    reopened: int = 0
    to_mail: frozenset[int] = frozenset()

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> Self:
        joined, closed, reopened, to_mail = row
        return cls(joined, closed, reopened, frozenset(to_mail))

    def __add__(self, other: "Followed") -> "Followed":
        return Followed(
            self.joined + other.joined, self.closed + other.closed, self.reopened + other.reopened, self.to_mail | other.to_mail
        )

    @property
    def changed(self) -> int:
        return self.joined + self.closed + self.reopened
