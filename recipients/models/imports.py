"""Imports of spreadsheets: what was uploaded and what became of it, for ever; and the plan of one, while it is not decided."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.models.fields import NextValue
from audit.records import audited


class Import(models.Model):
    """One spreadsheet on its way in. A page of its own changes as this does: file, problems, preview, running, done, undone."""

    class Kind(models.TextChoices):
        MEMBERSHIPS = "memberships", _("Group memberships")
        GROUPS = "groups", _("Groups")
        RECIPIENTS = "recipients", _("Recipients")
        PEOPLE = "people", _("People and where they belong")

    class Mode(models.TextChoices):
        ADD = "add", _("Add")
        UPDATE = "update", _("Add and update")
        REPLACE = "replace", _("Replace")

    class State(models.TextChoices):
        READING = "reading", _("Being read")
        UNREADABLE = "unreadable", _("Cannot be read")
        CHECKED = "checked", _("Ready to look at")
        APPLYING = "applying", _("Being imported")
        DONE = "done", _("Imported")
        UNDOING = "undoing", _("Being undone")
        UNDONE = "undone", _("Undone")
        STOPPED = "stopped", _("Stopped")
        FAILED = "failed", _("Failed")

    kind = models.CharField(_("what it holds"), max_length=16, choices=Kind)
    mode = models.CharField(_("mode"), max_length=8, choices=Mode, default=Mode.ADD)
    sets_aside = models.BooleanField(_("good rows now, bad rows set aside"), default=False)
    mails_when_done = models.BooleanField(_("send me an e-mail when it is done"), default=False)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.READING)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("uploaded by"))
    created_at = models.DateTimeField(_("uploaded"), auto_now_add=True)
    reason = models.TextField(_("reason"), blank=True)  # of whoever confirmed it, or undid it: every row that is written bears it

    readings = models.PositiveIntegerField(default=0)  # rises with every preview: what is confirmed is one of them
    read_at = models.DateTimeField(null=True, blank=True)
    problem = models.JSONField(null=True, blank=True)  # of the file as a whole: code, message, line, column …
    summary = models.JSONField(default=dict, blank=True)  # numbers of the last reading
    content_digest = models.CharField(max_length=64, blank=True)  # the same for the same rows, in whatever order and encoding
    failing = models.FileField(upload_to="imports/failing/", blank=True)  # rows that were not imported, with the reason

    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("undone by")
    )
    follows = models.ForeignKey("self", models.PROTECT, null=True, blank=True, verbose_name=_("mends"))

    # Derived from the file or counted: told on the page, not in the history.
    history = audited(excluded=("readings", "read_at", "problem", "summary", "content_digest", "failing"))

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ("-id",)
        default_permissions = ("add", "view")
        indexes = [models.Index(fields=["content_digest"], condition=~models.Q(content_digest=""), name="import_by_content")]

    def __str__(self) -> str:
        return _("Import %(number)d") % {"number": self.pk}

    @property
    def is_open(self) -> bool:
        """Nothing was imported yet, and it can still come to that."""
        return self.state in {self.State.READING, self.State.UNREADABLE, self.State.CHECKED, self.State.STOPPED}


def stored_name(_file: Any = None, _name: str = "") -> str:
    """Nothing of the name that somebody gave the file reaches the disk."""
    return f"imports/{uuid.uuid4()}"


class ImportFile(models.Model):
    """The first file of an import, or one that mends rows of those before it."""

    batch = models.ForeignKey(Import, models.CASCADE, related_name="files", db_index=False, verbose_name=_("import"))
    part = models.PositiveSmallIntegerField(_("part"), default=1)
    file = models.FileField(_("file"), upload_to=stored_name)
    name = models.CharField(_("name"), max_length=200)
    size = models.PositiveBigIntegerField(_("size"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    # What a person answered, where the file left a question open: "encoding", "sheet", "mapping" from a title to a column's key.
    answers = models.JSONField(default=dict, blank=True)
    # Lines that this file takes the place of: by the number of an earlier part, as text.
    replaces = models.JSONField(default=dict, blank=True)

    history = audited(part_of=("batch",), excluded=("answers", "replaces"))

    class Meta:
        verbose_name = _("file of an import")
        verbose_name_plural = _("files of imports")
        ordering = ("batch", "part")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["batch", "part"], name="one_file_for_a_part")]

    def __str__(self) -> str:
        return self.name


class ImportProblem(models.Model):
    """What is wrong with a cell, or, without a column, with a row. Derived from the file and the data at the time of the reading."""

    batch = models.ForeignKey(Import, models.CASCADE, db_constraint=False, db_index=False, related_name="problems")
    part = models.PositiveSmallIntegerField()
    line = models.BigIntegerField()
    column = models.TextField()  # as the file's header calls it
    value = models.TextField()
    message = models.TextField()
    code = models.CharField(max_length=32)

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["batch", "part", "line"], name="import_problems")]

    def __str__(self) -> str:
        return f"{self.line}: {self.message}"


class ImportRow(models.Model):
    """What a row would do, or, without a line, what would be done because no row says otherwise. Derived, as above."""

    class Outcome(models.TextChoices):
        NEW = "new", _("New")
        CHANGED = "changed", _("Changed")
        UNCHANGED = "unchanged", _("Unchanged")
        REMOVED = "removed", _("Removed")
        REPEATED = "repeated", _("Repeated in the file")

    # The one index there is: a million rows are written in half the time that they would take with a key of their own.
    pk = models.CompositePrimaryKey("batch_id", "outcome", "number")
    batch = models.ForeignKey(Import, models.CASCADE, db_constraint=False, db_index=False, related_name="rows")
    outcome = models.CharField(max_length=16, choices=Outcome, db_collation="C")
    number = models.BigIntegerField(db_default=NextValue("recipients_importrow_number"))
    part = models.PositiveSmallIntegerField(null=True)
    line = models.BigIntegerField(null=True)
    group = models.ForeignKey("RecipientGroup", models.DO_NOTHING, null=True, db_constraint=False, db_index=False, related_name="+")
    recipient = models.ForeignKey("Recipient", models.DO_NOTHING, null=True, db_constraint=False, db_index=False, related_name="+")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DO_NOTHING, null=True, db_constraint=False, db_index=False, related_name="+"
    )
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.outcome} {self.line}"
