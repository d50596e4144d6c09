"""Who was told of a notice and what became of it: the lines of its Delivery and Readers tabs, on the page and in files."""

from typing import Any

from django.db.models import Exists, F, FilteredRelation, OuterRef, Q, QuerySet
from django.http import Http404, QueryDict
from django.utils.translation import gettext_lazy

from backoffice.admin.paginator import LONGEST_SEARCH
from backoffice.permissions import may_everywhere
from notices.admin.came_back import CAME_BACK, that_came_back
from notices.models import Delivery, Notice
from notices.services.opting_out import who_declined
from recipients.models import User

LONGEST_NUMBER = 9  # digits of the number of a change
READER_PARTS = (
    ("", gettext_lazy("Everyone")),
    ("unopened", gettext_lazy("Not opened")),
    ("opened", gettext_lazy("Opened")),
    ("outstanding", gettext_lazy("Not acknowledged")),
    ("acknowledged", gettext_lazy("Acknowledged")),
    ("joined", gettext_lazy("Joined later")),
    ("closed", gettext_lazy("No longer asked")),
)


def sees_people(user: Any) -> bool:
    """The names behind the numbers are for those who may see people; the numbers, for whoever may see the notice."""
    return may_everywhere(user, "view", User)


def change_of(query: QueryDict) -> int:
    """The number of the change whose mails the address asks for; 0: it asks for those about the notice itself."""
    number = query.get("change") or "0"
    if not number.isdecimal() or len(number) > LONGEST_NUMBER:
        raise Http404
    return int(number)


def deliveries(notice: Notice, query: QueryDict, user: Any) -> QuerySet[Delivery]:
    """The lines of the Delivery tab, as its address narrows them."""
    state = query.get("state", "")
    rows: QuerySet[Delivery] = Delivery.objects.of_revision(notice).about(change_of(query)).with_next_try()
    rows = rows.select_related("person__address_problem").annotate(is_declined=declined(notice))
    if state in Delivery.State.values:
        rows = rows.filter(state=state)
    if state == CAME_BACK:
        rows = that_came_back(rows)
    return _searched(rows, query, user).order_by("person__last_name", "person__first_name", "pk")


def declined(notice: Notice) -> Exists:
    """Of a delivery: its person does without mails about such notices."""
    return Exists(who_declined(notice).filter(user=OuterRef("person")))


def readings(notice: Notice, query: QueryDict, user: Any) -> QuerySet[Delivery]:
    """The lines of the Readers tab, as its address narrows them: `read_at` and `acknowledged_at` are those of the revision."""
    rows = (
        Delivery.objects.of_revision(notice)
        .about()
        .annotate(
            reading=FilteredRelation(
                "person__readacknowledgment",
                condition=Q(person__readacknowledgment__notice=notice, person__readacknowledgment__revision=notice.revision),
            ),
            read_at=F("reading__read_at"),
            acknowledged_at=F("reading__acknowledged_at"),
        )
        .select_related("person")
    )
    wanted = {
        "unopened": Q(reading__isnull=True),
        "opened": Q(reading__isnull=False),
        "outstanding": Q(acknowledged_at__isnull=True, closed_at__isnull=True),
        "acknowledged": Q(acknowledged_at__isnull=False),
        "joined": Q(joined_at__isnull=False),
        "closed": Q(acknowledged_at__isnull=True, closed_at__isnull=False),
    }
    rows = rows.filter(wanted.get(query.get("only", ""), Q()))
    return _searched(rows, query, user).order_by("person__last_name", "person__first_name", "pk")


def _searched(rows: Any, query: QueryDict, user: Any) -> Any:
    if not sees_people(user):
        return rows  # else the number of rows would tell whether there is such a person
    for word in query.get("q", "")[:LONGEST_SEARCH].split():
        rows = rows.filter(Q(person__first_name__icontains=word) | Q(person__last_name__icontains=word) | Q(person__email__icontains=word))
    return rows
