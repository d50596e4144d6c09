"""The lives of the database: a new one begins when an older copy was restored."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Epoch(models.Model):
    """Numbers the transactions of a database that counts them anew. Before the first row it is epoch 0."""

    number = models.PositiveIntegerField(_("number"), primary_key=True)
    started_at = models.DateTimeField(_("since"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name=_("person"),
    )
    reason = models.TextField(_("reason"))
    # PostgreSQL's own name of the cluster: another one means that a dump was loaded elsewhere.
    system_identifier = models.CharField(max_length=32)

    history_stamp = models.BigIntegerField()

    class Meta:
        verbose_name = _("epoch")
        verbose_name_plural = _("epochs")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.number)
