"""The vocabulary for people, entities and groups. Chainable, lazy, never writes."""

from datetime import date, datetime
from typing import Self

from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.lookups import Exact

from backoffice import clock
from backoffice.models import SoftDeleteQuerySet


class UserQuerySet(models.QuerySet):
    def active(self) -> Self:
        return self.filter(is_active=True)

    def with_address(self) -> Self:
        return self.exclude(email="")

    def whose_address_fails(self) -> Self:
        """Keep those to whom mail comes back."""
        return self.filter(address_problem__isnull=False)

    def left_before(self, moment: datetime) -> Self:
        """Keep the inactive whose account was closed before `moment` and not opened since, by whichever door: the history says."""
        versions = self.model.history.model.objects.filter(id=OuterRef("pk")).order_by("-history_date", "-history_id")
        until_then = Subquery(versions.filter(history_date__lt=moment).values("is_active")[:1])
        opened_since = Exists(versions.filter(history_date__gte=moment, is_active=True))
        return self.filter(~opened_since, Exact(until_then, False), is_active=False)


class RecipientQuerySet(models.QuerySet):
    def active(self) -> Self:
        return self.filter(is_active=True)


class RoleAssignmentQuerySet(models.QuerySet):
    def current(self, *, on: date | None = None) -> Self:
        """Keep assignments that run on the day `on` (default: today in the organisation's zone)."""
        day = on or clock.today()
        return self.filter(
            Q(starts_on__isnull=True) | Q(starts_on__lte=day),
            Q(ends_on__isnull=True) | Q(ends_on__gte=day),
        )

    def counting(self, *, on: date | None = None) -> Self:
        """Keep assignments that make someone a recipient: running, and to an active entity."""
        return self.current(on=on).filter(recipient__is_active=True)


class RecipientGroupQuerySet(SoftDeleteQuerySet):
    pass
