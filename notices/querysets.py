"""The vocabulary for notices, deliveries and readings. Chainable, lazy, never writes.

Everything is a subquery on the notice's own row, so the words chain in any order and no join
can repeat a row or inflate a count.
"""

from datetime import date, datetime
from typing import Any, Self

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from backoffice import clock
from backoffice.models import SoftDeleteQuerySet
from recipients.audience import user_role_entity_ids
from recipients.models import RecipientGroup


def _model(name: str) -> type[models.Model]:
    """A sibling model; they are defined with these querysets, so they cannot be imported here."""
    return apps.get_model("notices", name)


class NoticeQuerySet(SoftDeleteQuerySet):
    def published(self, *, at: datetime | None = None) -> Self:
        """Keep notices on show at `at` (aware, default now). The end date is inclusive."""
        day = timezone.localdate(at or clock.now(), timezone.get_default_timezone())
        return self.filter(Q(end_date__isnull=True) | Q(end_date__gte=day), status="published", start_date__lte=day)

    def draft(self) -> Self:
        return self.filter(status="draft")

    def for_user(self, user: Any) -> Self:
        """Keep notices that address `user`: by entity, by group, by membership in a group, or by name."""
        if user.pk is None:
            return self.none()
        entities = user_role_entity_ids(user)
        groups = RecipientGroup.objects.filter(
            Q(Exists(_through(RecipientGroup, "recipientgrouprecipient").filter(recipient_id__in=entities)))
            | Q(Exists(_through(RecipientGroup, "recipientgroupadditionalrecipient").filter(user=user)))
        )
        by_entity = _model("NoticeRecipient").objects.filter(recipient_id__in=entities).values("notice_id")
        by_group = _model("NoticeRecipientGroup").objects.filter(recipient_group__in=groups).values("notice_id")
        by_name = _model("NoticeAdditionalRecipient").objects.filter(user=user).values("notice_id")
        return self.filter(pk__in=by_entity.union(by_group, by_name))

    def with_read_status(self, user: Any) -> Self:
        """Annotate `was_read`: `user` opened the current revision."""
        return self.annotate(was_read=Exists(_model("ReadAcknowledgment").objects.current_for(user, OuterRef("pk"), OuterRef("revision"))))

    def unread_by(self, user: Any) -> Self:
        return self.filter(~Exists(_model("ReadAcknowledgment").objects.current_for(user, OuterRef("pk"), OuterRef("revision"))))

    def with_favourite(self, user: Any) -> Self:
        """Annotate `is_favourite`."""
        return self.annotate(is_favourite=Exists(_model("Favourite").objects.filter(user_id=user.pk, notice_id=OuterRef("pk"))))

    def with_own_day(self, user: Any) -> Self:
        """Annotate `due_on`: the day by which `user` is to acknowledge, which for a joiner may be later than for the others."""
        theirs = _model("Delivery").objects.filter(
            notice_id=OuterRef("pk"), revision=OuterRef("revision"), kind="publication", occasion=0, person_id=user.pk
        )
        return self.annotate(due_on=Coalesce(Subquery(theirs.values("due_on")), F("due_date")))

    def with_recipient_count(self) -> Self:
        """Annotate `recipient_count`: how many org entities the notice addresses directly."""
        counted = (
            _model("NoticeRecipient")
            .objects.filter(notice_id=OuterRef("pk"))
            .order_by()
            .values("notice_id")
            .annotate(n=Count("pk"))
            .values("n")
        )
        return self.annotate(recipient_count=Coalesce(Subquery(counted, output_field=IntegerField()), Value(0)))

    def active_in_date_range(self, start_date: date | None = None, end_date: date | None = None) -> Self:
        """Keep notices whose days on show overlap the range. Both ends are inclusive; None is open."""
        queryset = self
        if start_date is not None:
            queryset = queryset.filter(Q(end_date__isnull=True) | Q(end_date__gte=start_date))
        if end_date is not None:
            queryset = queryset.filter(start_date__lte=end_date)
        return queryset

    def not_over(self) -> Self:
        """Keep published notices whose days on show are not over yet, also those whose days are still to come."""
        return self.filter(status="published").active_in_date_range(start_date=clock.today())

    def due_for_publication(self) -> Self:
        """Keep scheduled notices whose moment has come, and not so long ago that a person has to be asked first."""
        return self.filter(status="scheduled", publish_at__lte=Now(), publish_at__gt=Now() - settings.PUBLISH_GRACE)

    def missed_publication(self) -> Self:
        """Keep scheduled notices that nobody published in time: the clock or every worker was down."""
        return self.filter(status="scheduled", publish_at__lte=Now() - settings.PUBLISH_GRACE)

    def coming_publication(self) -> Self:
        """Keep scheduled notices that will be published by themselves."""
        return self.filter(status="scheduled", publish_at__gt=Now() - settings.PUBLISH_GRACE)

    def newest_first(self) -> Self:
        return self.order_by(F("published_at").desc(nulls_last=True), "-pk")


def _through(parent: type[models.Model], name: str) -> models.QuerySet:
    """The rows of a parent's reverse relation, as a correlated subquery on the parent."""
    relation: Any = parent._meta.get_field(name)
    return relation.related_model.objects.filter(**{relation.field.name: OuterRef("pk")})


class OutgoingQuerySet(models.QuerySet):
    def to_do(self) -> Self:
        return self.filter(state__in=("waiting", "retry"))

    def due(self) -> Self:
        """Keep mails that a worker may take now, by the database's clock."""
        return self.to_do().filter(next_attempt_at__lte=Now())

    def with_next_try(self) -> Self:
        """Annotate `next_try_at`: before when no worker takes it up; none if one may now, or none will."""
        later = When(state__in=("waiting", "retry"), next_attempt_at__gt=Now(), then=F("next_attempt_at"))
        return self.annotate(next_try_at=Case(later))

    def numbers(self) -> dict[str, int]:
        """How many there are in each state that occurs. Asks the database."""
        return dict(self.order_by().values_list("state").annotate(n=Count("pk")))

    def unfinished(self) -> Self:
        return self.filter(state__in=("waiting", "retry", "claimed"))


class DeliveryQuerySet(OutgoingQuerySet):
    def of_revision(self, notice: Any) -> Self:
        return self.filter(notice_id=notice.pk, revision=notice.revision)

    def about(self, change: int = 0) -> Self:
        """Keep the mails about the notice itself, one for each person, or those that tell of the `change` with this number."""
        return self.filter(kind="change" if change else "publication", occasion=change)

    def open(self) -> Self:
        """Keep those of people of whom it is still asked."""
        return self.filter(closed_at__isnull=True)

    def closed(self) -> Self:
        return self.filter(closed_at__isnull=False)


class ReadAcknowledgmentQuerySet(models.QuerySet):
    def current_for(self, user: Any, notice: Any, revision: Any) -> Self:
        """Keep what `user` did with this `revision` of `notice`; both may be outer references."""
        return self.filter(user_id=user.pk, notice_id=notice, revision=revision)

    def acknowledged(self) -> Self:
        return self.filter(acknowledged_at__isnull=False)
