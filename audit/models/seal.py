"""What was true at a moment, in a form that cannot be written anew: blocks of digests, chained and signed."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _


class SealFormat(models.Model):
    """Which columns of a table make up the exact bytes of a row. A seal keeps to its own, whatever columns come later."""

    table = models.CharField(max_length=63)
    # "name:type" in a fixed order; a type that ends in “?” may be NULL. The key comes first.
    columns = ArrayField(models.CharField(max_length=96))

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["table", "columns"], name="seal_format_once")]

    def __str__(self) -> str:
        return f"{self.table} ({len(self.columns)})"


class Seal(models.Model):
    """A block: every row of the trail whose stamp is at least `from_stamp` and less than `to_stamp`."""

    number = models.BigIntegerField(_("number"), primary_key=True)
    sealed_at = models.DateTimeField(_("sealed"))
    epoch = models.PositiveIntegerField()
    system_identifier = models.CharField(max_length=32)
    from_stamp = models.BigIntegerField()
    to_stamp = models.BigIntegerField()
    rows = models.BigIntegerField(_("rows"))
    rows_in_total = models.BigIntegerField(_("rows in total"))
    previous = models.BinaryField()  # the digest of the seal before; empty in the first
    digest = models.BinaryField()
    signature = models.BinaryField()  # Ed25519, over the digest
    key_id = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("seal")
        verbose_name_plural = _("seals")
        default_permissions = ("view",)
        permissions = [("start_epoch_seal", _("Can start a new epoch after a restore"))]

    def __str__(self) -> str:
        return str(self.number)


class SealPart(models.Model):
    """A piece of one table: small enough to be read at once, and to say which of its rows differs."""

    seal = models.ForeignKey(Seal, models.DO_NOTHING, related_name="parts", db_index=False)
    format = models.ForeignKey(SealFormat, models.DO_NOTHING, db_index=False)
    piece = models.PositiveIntegerField()  # numbered through the block
    from_stamp = models.BigIntegerField()
    to_stamp = models.BigIntegerField()  # exclusive
    # Of a transaction that wrote more rows than a piece holds: which of them. Then `to_stamp` is `from_stamp` + 1.
    after_id = models.BigIntegerField(null=True)
    until_id = models.BigIntegerField(null=True)
    rows = models.PositiveIntegerField()
    digest = models.BinaryField()
    # Eight bytes for each row, in its order: its key, and a print that proves nothing but tells which row differs.
    row_ids = models.BinaryField()
    prints = models.BinaryField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["seal", "piece"], name="seal_piece_once")]

    def __str__(self) -> str:
        return f"{self.seal_id}.{self.piece}"


class Verification(models.Model):
    """A run that somebody asked for on the page, and what it found. That it ran is an access record."""

    append_only = False  # it tells how far it is; what it says can be had anew at any time

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        INTACT = "intact", _("Intact")
        INCOMPLETE = "incomplete", _("Intact, with reservations")
        TAMPERED = "tampered", _("Tampered with")
        FAILED = "failed", _("Could not run")

    asked_at = models.DateTimeField(_("time"), db_default=models.functions.Now())
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name=_("person"),
    )
    state = models.CharField(_("result"), max_length=12, choices=State, default=State.WAITING)
    finished_at = models.DateTimeField(null=True)
    beat_at = models.DateTimeField(null=True)  # the last sign of life
    rows_expected = models.BigIntegerField(default=0)
    rows_done = models.BigIntegerField(default=0)
    sentences = ArrayField(models.TextField(), default=list)  # what it found, the first bad block first

    class Meta:
        verbose_name = _("verification")
        verbose_name_plural = _("verifications")
        default_permissions = ()
        indexes = [models.Index(F("asked_at").desc(), name="verification_newest")]

    def __str__(self) -> str:
        return f"{self.asked_at:%Y-%m-%d %H:%M} {self.state}"

    @property
    def is_over(self) -> bool:
        return self.state not in {self.State.WAITING, self.State.RUNNING}
