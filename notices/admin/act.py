"""What every act on a notice says about itself."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from django import forms

from backoffice.admin.confirmation import ReasonForm
from backoffice.permissions import may
from notices.models import Notice
from notices.services.publishing import Confirmation
from recipients.dtos import AudienceSummary

NOBODY = AudienceSummary(total=0, overlapping=0, without_email=0, inactive=0)


class Act(ABC):
    """One act. Subclasses say what differs.

    `button` and `question` get the audience if the act `needs_audience`, else `NOBODY`.
    """

    slug: ClassVar[str]
    verb: ClassVar[str]
    label: ClassVar[Any]
    states: ClassVar[frozenset[str]] = frozenset()
    in_trash: ClassVar[bool] = False
    style: ClassVar[str] = "plain"  # "primary" is the next step, "danger" takes something away
    form_class: ClassVar[type[forms.Form]] = ReasonForm
    needs_audience: ClassVar[bool] = False
    tab: ClassVar[str] = "change"  # the page of the notice that it is asked from, and leads back to
    pinned: ClassVar[bool] = False  # decides on exactly what was seen: asked from the Approval tab, which shows it
    done: ClassVar[Any]  # as in the result of a bulk action: "5 published"

    def is_possible(self, notice: Notice) -> bool:
        """It is in a state for it, whoever asks."""
        return notice.is_deleted == self.in_trash and notice.status in self.states

    def is_offered(self, notice: Notice, user: Any) -> bool:
        return self.is_possible(notice) and may(user, self.verb, notice)

    def initial(self, notice: Notice) -> dict[str, Any]:
        """What its form says before anybody wrote into it."""
        return {}

    def button(self, notice: Notice, audience: AudienceSummary) -> str:
        return str(self.label)

    @abstractmethod
    def question(self, notice: Notice, audience: AudienceSummary) -> list[str]:
        """What will happen, in sentences with numbers."""

    @abstractmethod
    def run(self, notice: Notice, actor: Any, data: dict[str, Any], seen: Confirmation | None = None) -> str:
        """Call the service and say in a sentence what happened."""
