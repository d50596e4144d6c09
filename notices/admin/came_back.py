"""What came back of the mails on the Delivery tab. They stay `sent`: the server did take them."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from notices.models import Bounce, Delivery, Notice
from recipients.mail_codes import in_words

CAME_BACK = "came_back"  # no state: what the address of the tab says beside the states
CHOICE = (CAME_BACK, _("Came back"))


def _bounces() -> QuerySet[Bounce]:
    return Bounce.objects.filter(delivery=OuterRef("pk"), kind__in=Bounce.CAME_BACK)


def that_came_back(rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
    return rows.filter(Exists(_bounces()))


def with_bounce(rows: QuerySet) -> QuerySet:
    """Annotate the newest report of each: `came_back_at`, `came_back_code`, `came_back_said`."""
    newest = _bounces().order_by("-pk")
    columns = {"came_back_at": "at", "came_back_code": "code", "came_back_said": "diagnostic"}
    return rows.annotate(**{name: Subquery(newest.annotate(value=F(column)).values("value")[:1]) for name, column in columns.items()})


def number_of(notice: Notice) -> int:
    """Mails about its present revision that came back; those that tell of a change are not among them."""
    return that_came_back(Delivery.objects.of_revision(notice).about()).count()


def explain(rows: Iterable[Any]) -> None:
    """Put on each row of a page the report that counts, as `reported`: what, when, and in words why."""
    rows = list(rows)
    bounces = Bounce.objects.filter(delivery__in=[row.pk for row in rows]).order_by("pk")
    # What came back outweighs a word of delay, also one that arrives after it.
    newest = {b.delivery_id: b for b in sorted(bounces, key=lambda b: b.kind in Bounce.CAME_BACK)}
    for row in rows:
        row.reported = newest.get(row.pk)
        if row.reported is not None:
            row.reported.words = in_words(row.reported.code)
            row.reported.label = "warning" if row.reported.kind == Bounce.Kind.DELAYED else "danger"
