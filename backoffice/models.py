"""The mixins that our models share, long work that is not finished, and signs of life."""

from collections.abc import Collection, Iterable
from functools import reduce
from operator import and_
from typing import Any, Self, cast

from django.conf import settings
from django.db import models, transaction
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from backoffice import clock
from backoffice.signals import post_soft_delete, pre_soft_delete


class TimestampMixin(models.Model):
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    modified_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        abstract = True


class UserTrackingMixin(models.Model):
    # PROTECT: people leave, but what they did stays theirs.
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("created by")
    )
    modified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("changed by")
    )

    class Meta:
        abstract = True


class CheckedTogetherMixin(models.Model):
    """For a model whose constraints are all checks of the row itself."""

    class Meta:
        abstract = True

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """Django asks the database about each constraint, between savepoints: slow enough to ask about all of them first."""
        if exclude or not self._all_hold():
            super().validate_constraints(exclude=exclude)

    def _all_hold(self) -> bool:
        every = reduce(and_, (check.condition for check in self._meta.constraints))
        holds = Coalesce(every, True, output_field=models.BooleanField())  # as for the database: what is unknown does not fail
        return models.Q(holds).check(self._get_field_expression_map(meta=self._meta))


class SoftDeleteQuerySet(models.QuerySet):
    def alive(self) -> Self:
        return self.filter(is_deleted=False)

    def deleted(self) -> Self:
        return self.filter(is_deleted=True)

    def delete(self, user: Any = None) -> tuple[int, dict[str, int]]:
        """Put the rows into the trash, each by the rule of its own `delete`; all of them or none."""
        with transaction.atomic():
            count = sum(instance.delete(user=user)[0] for instance in self)
        return count, {self.model._meta.label: count}

    def hard_delete(self) -> tuple[int, dict[str, int]]:
        """Destroy the rows for good."""
        return super().delete()

    # Not offered by the manager: `Notice.objects.delete()` would empty the table.
    delete.queryset_only = hard_delete.queryset_only = True
    delete.alters_data = hard_delete.alters_data = True


class LivingManager(models.Manager):
    """A manager that does not see the trash; combine it with a queryset by `from_queryset`."""

    def get_queryset(self) -> models.QuerySet:
        return super().get_queryset().filter(is_deleted=False)


class SoftDeleteMixin(models.Model):
    is_deleted = models.BooleanField(_("in the trash"), default=False)
    deleted_at = models.DateTimeField(_("deleted"), null=True, blank=True)
    deleted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("deleted by")
    )

    class Meta:
        abstract = True

    def delete(self, user: Any = None, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Put this row into the trash. Deleting what is there already changes nothing."""
        if self.is_deleted:
            return 0, {}
        with transaction.atomic():
            pre_soft_delete.send(sender=type(self), instance=self, user=user)
            self.is_deleted, self.deleted_at, self.deleted_by = True, clock.now(), user
            self.save(update_fields=["is_deleted", "deleted_at", "deleted_by"])
            post_soft_delete.send(sender=type(self), instance=self)
        return 1, {self._meta.label: 1}

    def hard_delete(self) -> tuple[int, dict[str, int]]:
        """Destroy this row for good."""
        return super().delete()

    def restore(self) -> None:
        """Take this row out of the trash; nothing else about it changes."""
        self.is_deleted, self.deleted_at, self.deleted_by = False, None, None
        self.save(update_fields=["is_deleted", "deleted_at", "deleted_by"])

    delete.alters_data = hard_delete.alters_data = restore.alters_data = True


class PublishableMixin(models.Model):
    """For a model with a `status` field. `is_published` is derived from it by the database."""

    PUBLISHED = "published"
    UNPUBLISHED = "withdrawn"

    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    is_published = models.GeneratedField(
        expression=cast("Any", models.Q(status=PUBLISHED)),  # a condition is an expression too
        output_field=models.BooleanField(verbose_name=_("is published")),
        db_persist=True,
    )

    class Meta:
        abstract = True

    def publish(self, *, also: Iterable[str] = ()) -> None:
        """Change the state alone; rights, audience and deliveries are the service's.

        `also` names further changed fields to write in the same statement (one history row).
        """
        self.status, self.published_at = self.PUBLISHED, clock.now()
        self.save(update_fields=["status", "published_at", *also])

    def unpublish(self, *, also: Iterable[str] = ()) -> None:
        """Change the state alone: off show, and no longer published at any moment."""
        self.status, self.published_at = self.UNPUBLISHED, None
        self.save(update_fields=["status", "published_at", *also])

    publish.alters_data = unpublish.alters_data = True


class Job(models.Model):
    """Long work that is not finished: how far it is, and whether somebody asked to stop it (`backoffice.jobs`).

    What the work is about has its own state in a table of its own. Whoever changes that state to the last one deletes
    this row in the same transaction, so that a row that nobody works on was lost.
    """

    kind = models.CharField(max_length=64)
    object_id = models.BigIntegerField()
    phase = models.CharField(max_length=64, blank=True)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)  # 0: not known
    attempts = models.PositiveSmallIntegerField(default=0)
    stop_asked = models.BooleanField(default=False)
    asked_at = models.DateTimeField(db_default=models.functions.Now())
    phase_at = models.DateTimeField(null=True)  # when the phase began

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["kind", "object_id"], name="one_job_of_a_kind_for_an_object")]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"


class Heartbeat(models.Model):
    """The last sign of life of the clock, or of one worker (`backoffice.health.heartbeats`). All moments are the database's."""

    name = models.CharField(max_length=255, unique=True)
    node = models.CharField(max_length=255, blank=True)  # what Celery calls the worker; a new one of the same name takes its place
    began_at = models.DateTimeField(db_default=models.functions.Now())
    at = models.DateTimeField(db_default=models.functions.Now())
    processes = models.PositiveIntegerField(default=0)  # of a worker: how many tasks it can do at once
    busy = models.PositiveIntegerField(default=0)  # and how many it does

    class Meta:
        verbose_name = _("sign of life")
        verbose_name_plural = _("health of the product")
        default_permissions = ()
        permissions = [("view_heartbeat", "Can see whether everything works")]

    def __str__(self) -> str:
        return self.name
