"""What was done: one row for each statement that changed something of one kind."""

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext_lazy as _

from audit.models.fields import ENTRY_IDS, NextValue, words
from audit.sources import Source

# What was said of a change. The address of a page says nothing, and most entries have no more.
BY_HAND = Q(source__in=(Source.FORM, Source.INBOX))
TOLD = words("reason", Case(When(BY_HAND, then=Value("")), default=F("source_detail"), output_field=models.TextField()))
HAS_WORDS = Q(reason__isnull=False) | ~BY_HAND


class Entry(models.Model):
    """Written by the triggers, never by Python. Its history rows are `history_first` to `history_last` of `model`'s."""

    class Kind(models.TextChoices):
        CREATED = "+", _("Created")
        CHANGED = "~", _("Changed")
        DELETED = "-", _("Deleted")

    id = models.BigIntegerField(primary_key=True, db_default=NextValue(ENTRY_IDS))
    at = models.DateTimeField(_("time"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name=_("person"),
    )
    reason = models.TextField(_("reason"), null=True)
    source = models.CharField(_("source"), max_length=16, choices=Source)
    source_detail = models.TextField(_("through"), null=True)
    # One request, task or command, however many transactions it took. Negative: the transaction of an unattributed write.
    operation = models.BigIntegerField()
    model = models.CharField(_("kind of thing"), max_length=64)  # "notices.notice"
    kind = models.CharField(_("what happened"), max_length=1, choices=Kind)
    count = models.BigIntegerField(_("rows"))
    history_first = models.BigIntegerField()
    history_last = models.BigIntegerField()
    # The object, if it was one; and what it belongs to (the notice of an attachment), if they all belong to the same.
    object_id = models.BigIntegerField(null=True)
    subject_id = models.BigIntegerField(null=True)
    # Who wrote without saying so: the database role and the name of the connected program.
    db_role = models.CharField(_("database role"), max_length=64, null=True)
    db_application = models.CharField(_("program"), max_length=64, null=True)
    history_stamp = models.BigIntegerField()

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("timeline")
        default_permissions = ("view",)
        permissions = [("export_entry", _("Can export the timeline"))]
        indexes = [
            models.Index(F("at").desc(), F("id").desc(), name="entry_newest"),
            models.Index("user", F("at").desc(), F("id").desc(), name="entry_of_a_person"),
            models.Index("model", F("at").desc(), F("id").desc(), name="entry_of_a_model"),
            models.Index("model", "kind", F("at").desc(), F("id").desc(), name="entry_of_a_model_and_kind"),
            models.Index("kind", F("at").desc(), F("id").desc(), name="entry_of_a_kind"),
            models.Index("operation", name="entry_of_an_operation"),
            models.Index("history_stamp", name="entry_by_stamp"),
            models.Index("source", F("at").desc(), F("id").desc(), name="entry_of_a_source"),
            models.Index("source_detail", F("at").desc(), F("id").desc(), name="entry_of_an_import", condition=Q(source=Source.IMPORT)),
            GinIndex(TOLD, name="entry_words", condition=HAS_WORDS),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.kind}{self.count} {self.model}"
