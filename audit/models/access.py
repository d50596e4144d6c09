"""Who looked at evidence, and who took it away: the one thing that a page which only shows may write."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from audit.models.fields import Stamp


class AccessRecord(models.Model):
    class Kind(models.TextChoices):
        VIEW = "view", _("Looked at")
        EXPORT = "export", _("Exported")
        VERIFY = "verify", _("Verified")

    at = models.DateTimeField(_("time"), db_default=models.functions.Now())
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name=_("person"),
    )
    kind = models.CharField(_("what was done"), max_length=8, choices=Kind)
    page = models.CharField(_("page"), max_length=64)  # "timeline", "history", "seals", "access review"
    # The object, if the page is about one.
    model = models.CharField(_("kind of thing"), max_length=64, blank=True)
    object_id = models.BigIntegerField(null=True)
    detail = models.TextField(_("filters"), blank=True)  # the query string, or the format of an export
    rows = models.BigIntegerField(_("rows"), null=True)  # of an export
    history_stamp = models.BigIntegerField()

    class Meta:
        verbose_name = _("access")
        verbose_name_plural = _("access records")
        default_permissions = ("view",)
        permissions = [("review_accessrecord", _("Can review who may do what"))]
        indexes = [
            models.Index(F("at").desc(), F("id").desc(), name="access_newest"),
            models.Index("user", F("at").desc(), F("id").desc(), name="access_by_a_person"),
            models.Index("page", F("at").desc(), F("id").desc(), name="access_to_a_page"),
            models.Index("history_stamp", name="access_by_stamp"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.kind} {self.page}"

    def save(self, **kwargs: Any) -> None:
        self.history_stamp = Stamp()
        super().save(**kwargs)
