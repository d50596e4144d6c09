"""The columns of the lists of the Work section."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Case, CharField, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Concat
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from import_export.fields import Field

from audit.exports.resources import ListResource, name_of
from audit.exports.widgets import Choice, Day, Moment, Number, Text, YesNo
from backoffice import clock
from notices.models import Approval, Category, ClosedWhy, Delivery, Notice
from notices.presentation import BYPASSED, ENDED


def states() -> Iterator[tuple[str, str]]:
    """As `presentation.state_of` and the list of notices have it: the word for a state, and for one that was reached without approval."""
    for state, word in (*Notice.Status.choices, (ENDED, gettext("Ended"))):
        yield state, str(word)
        yield f"{BYPASSED} {state}", gettext("%(state)s, without approval") % {"state": word}


def state_key() -> Concat:
    ended = When(Q(status=Notice.Status.PUBLISHED, end_date__lt=clock.today()), then=Value(ENDED))
    state = Case(ended, default=F("status"), output_field=CharField())
    mark = Case(When(bypassed_at__isnull=False, then=Value(f"{BYPASSED} ")), default=Value(""), output_field=CharField())
    return Concat(mark, state)


class NoticeResource(ListResource):
    title = Field("title", _("Title"), Text())
    state = Field("state_key", _("State"), Choice(states))
    category = Field("category__name", _("Category"), Text())
    author = Field("author_name", _("Author"), Text())
    start_date = Field("start_date", _("On show from"), Day())
    end_date = Field("end_date", _("On show until"), Day())
    published_at = Field("published_at", _("Published (UTC)"), Moment())

    def filter_export(self, queryset: QuerySet, **kwargs: Any) -> QuerySet:
        return queryset.annotate(state_key=state_key(), author_name=name_of("created_by"))


class TrashedNoticeResource(ListResource):
    title = Field("title", _("Title"), Text())
    status = Field("status", _("Was"), Choice(lambda: Notice.Status.choices))
    deleted_at = Field("deleted_at", _("Deleted (UTC)"), Moment())
    deleted_by = Field("deleted_by_name", _("Deleted by"), Text())

    def filter_export(self, queryset: QuerySet, **kwargs: Any) -> QuerySet:
        return queryset.annotate(deleted_by_name=name_of("deleted_by"))


class CategoryResource(ListResource):
    name = Field("name", _("Name"), Text())
    description = Field("description", _("Description"), Text())
    colour = Field("colour", _("Colour"), Choice(lambda: Category.Colour.choices))
    needs_approval = Field("needs_approval", _("Needs approval"), YesNo())
    requires_acknowledgement = Field("requires_acknowledgement", _("Asks for acknowledgement"), YesNo())
    mails_are_optional = Field("mails_are_optional", _("Mails are optional"), YesNo())


def _newest(steps: QuerySet[Approval], value: Any) -> Subquery:
    return Subquery(steps.filter(notice=OuterRef("pk")).order_by("-pk").annotate(value=value).values("value")[:1])


class WaitingResource(ListResource):
    """What waits to be decided: each with the step by which it was handed in, where that is on record."""

    title = Field("title", _("Title"), Text())
    category = Field("category__name", _("Category"), Text())
    submitted_by = Field("submitted_by", _("Submitted by"), Text())
    since = Field("since", _("Since (UTC)"), Moment())
    people = Field("people", _("People"), Number())

    def filter_export(self, queryset: QuerySet, **kwargs: Any) -> QuerySet:
        steps = Approval.objects.filter(decision=Approval.Decision.SUBMITTED)
        return queryset.annotate(
            submitted_by=Coalesce(_newest(steps, name_of("by")), name_of("created_by")),
            since=Coalesce(_newest(steps, F("at")), F("modified_at")),
            people=_newest(steps, F("people")),
        )


class SubmittedResource(ListResource):
    """What one person handed in, each with the last word on it."""

    title = Field("title", _("Title"), Text())
    state = Field("state_key", _("State"), Choice(states))
    decision = Field("decision", _("Last step"), Choice(lambda: Approval.Decision.choices))
    by = Field("decided_by", _("By"), Text())
    at = Field("decided_at", _("When (UTC)"), Moment())
    reason = Field("reason", _("Reason"), Text())

    def filter_export(self, queryset: QuerySet, **kwargs: Any) -> QuerySet:
        steps = Approval.objects.all()
        return queryset.annotate(
            state_key=state_key(),
            decision=_newest(steps, F("decision")),
            decided_by=_newest(steps, name_of("by")),
            decided_at=_newest(steps, F("at")),
            reason=_newest(steps, F("reason")),
        )


class DeliveryResource(ListResource):
    person = Field("person_name", _("Person"), Text())
    employee_number = Field("person__employee_number", _("Employee number"), Text())
    email = Field("person__email", _("E-mail"), Text())
    state = Field("state", _("State"), Choice(lambda: Delivery.State.choices))
    changed_at = Field("changed_at", _("Since (UTC)"), Moment())
    attempts = Field("attempts", _("Tries"), Number())
    next_try_at = Field("next_try_at", _("Next try (UTC)"), Moment())
    reason = Field("reason", _("Why"), Text())
    came_back_at = Field("came_back_at", _("Came back (UTC)"), Moment())
    came_back_code = Field("came_back_code", _("Came back with code"), Text())
    came_back_said = Field("came_back_said", _("The mail server said"), Text())
    joined_at = Field("joined_at", _("Joined (UTC)"), Moment())
    closed_at = Field("closed_at", _("No longer asked since (UTC)"), Moment())
    closed_why = Field("closed_why", _("Why no longer"), Choice(lambda: ClosedWhy.choices))

    def filter_export(self, queryset: QuerySet, **kwargs: Any) -> QuerySet:
        return queryset.annotate(person_name=name_of("person"))


class ReaderResource(ListResource):
    person = Field("person_name", _("Person"), Text())
    employee_number = Field("person__employee_number", _("Employee number"), Text())
    email = Field("person__email", _("E-mail"), Text())
    is_active = Field("person__is_active", _("Active"), YesNo())
    read_at = Field("read_at", _("Opened (UTC)"), Moment())
    acknowledged_at = Field("acknowledged_at", _("Acknowledged (UTC)"), Moment())
    joined_at = Field("joined_at", _("Joined (UTC)"), Moment())
    due_on = Field("due_on", _("Own day to acknowledge by"), Day())
    reminder_mails = Field("reminder_mails", _("Times reminded"), Number())
    last_reminded_on = Field("last_reminded_on", _("Last reminded on"), Day())
    closed_at = Field("closed_at", _("No longer asked since (UTC)"), Moment())
    closed_why = Field("closed_why", _("Why no longer"), Choice(lambda: ClosedWhy.choices))

    def filter_export(self, queryset: QuerySet, **kwargs: Any) -> QuerySet:
        return queryset.annotate(person_name=name_of("person"))
