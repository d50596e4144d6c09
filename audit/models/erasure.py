"""Whose personal data were erased from the history, by whom, and on what ground."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.models.fields import Stamp


class Erasure(models.Model):
    """The rows stay, with what they say of everything else; their seals stay valid."""

    at = models.DateTimeField(_("time"), db_default=models.functions.Now())
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name=_("by"),
    )
    model = models.CharField(_("kind of thing"), max_length=64)
    object_id = models.BigIntegerField(_("number"))
    reason = models.TextField(_("reason"))
    rows = models.BigIntegerField(_("versions"))
    history_stamp = models.BigIntegerField()

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        default_permissions = ("view",)
        indexes = [
            models.Index("model", "object_id", name="erasure_of_an_object"),
            models.Index("history_stamp", name="erasure_by_stamp"),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.object_id}"

    def save(self, **kwargs: Any) -> None:
        self.history_stamp = Stamp()
        super().save(**kwargs)
