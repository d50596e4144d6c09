"""The changes of a notice that people were told of by mail, and what became of those mails: a balance for each."""

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Count

from notices.admin.came_back import that_came_back
from notices.models import Amendment, Delivery, Notice
from notices.models.outgoing import TO_DO

State = Delivery.State


@dataclass(frozen=True, slots=True)
class ChangeTold:
    """`people` = `on_their_way` + `sent` + `failed` + `unknown` + `not_mailed`. Of the sent, some `came_back`."""

    change: Amendment
    numbers: dict[str, int]  # by state
    came_back: int

    @property
    def people(self) -> int:
        return sum(self.numbers.values())

    @property
    def on_their_way(self) -> int:
        return self._in(*TO_DO, State.CLAIMED)

    @property
    def sent(self) -> int:
        return self._in(State.SENT)

    @property
    def failed(self) -> int:
        return self._in(State.FAILED)

    @property
    def unknown(self) -> int:
        return self._in(State.UNKNOWN)

    @property
    def not_mailed(self) -> int:
        return self._in(State.SUPPRESSED, State.CANCELLED)

    def _in(self, *states: str) -> int:
        return sum(self.numbers.get(state, 0) for state in states)


def changes_told(notice: Notice) -> list[ChangeTold]:
    """Those of its present revision, the newest first."""
    numbers: dict[int, dict[str, int]] = defaultdict(dict)
    mails = Delivery.objects.of_revision(notice).filter(kind=Delivery.Kind.CHANGE).order_by()
    for change, state, count in mails.values_list("occasion", "state").annotate(n=Count("pk")):
        numbers[change][state] = count
    if not numbers:
        return []
    came_back = dict(that_came_back(mails).values_list("occasion").annotate(n=Count("pk")))
    changes = Amendment.objects.filter(notice=notice, number__in=numbers).order_by("-number")
    return [ChangeTold(change, numbers[change.number], came_back.get(change.number, 0)) for change in changes]
