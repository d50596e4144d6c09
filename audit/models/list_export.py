"""Lists that were too long to be the answer at once: made in the background, and fetched by who asked for them."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from backoffice import clock

KEPT = timedelta(hours=24)  # from when it is ready


class ListExport(models.Model):
    """What was asked for, and what became of it. How far it is, is told by its job. That it left is an access record."""

    append_only = False  # it goes from state to state

    class State(models.TextChoices):
        MAKING = "making", _("Under way")
        READY = "ready", _("Ready")
        STOPPED = "stopped", _("Stopped")
        REFUSED = "refused", _("Refused")
        FAILED = "failed", _("Failed")
        GONE = "gone", _("No longer kept")

    asked_at = models.DateTimeField(_("asked for"), db_default=models.functions.Now())
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False, verbose_name=_("person")
    )
    list_name = models.CharField(_("list"), max_length=64)
    object_id = models.BigIntegerField(null=True)  # of the one whose list it is
    query = models.TextField(blank=True)  # the filters, as in the address of the page
    words = models.TextField(_("filters"), blank=True)  # the same for people
    format = models.CharField(_("format"), max_length=8)
    rows = models.BigIntegerField(_("rows"))  # when it was asked for; once it is ready, those in the file
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.MAKING)
    problem = models.TextField(blank=True)  # why there is no file, in a sentence
    of_all = models.BooleanField(default=False)  # made with the right to take all of the list
    file = models.CharField(max_length=128)  # below MEDIA_ROOT; the name is ours
    size = models.BigIntegerField(_("size"), default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("export of a list")
        verbose_name_plural = _("exports of lists")
        default_permissions = ()
        indexes = [models.Index("user", F("asked_at").desc(), F("id").desc(), name="list_exports_of_a_person")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["making", "ready", "stopped", "refused", "failed", "gone"]), name="list_export_state_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asked_at:%Y-%m-%d %H:%M} {self.list_name} {self.state}"

    @property
    def kept_until(self) -> datetime | None:
        return self.ended_at + KEPT if self.ended_at and self.state == self.State.READY else None

    def is_kept(self, *, at: Any = None) -> bool:
        return self.kept_until is not None and (at or clock.now()) < self.kept_until
