"""A change of a notice that is on show: written beside it, looked at, and made or discarded as a whole."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.records import audited
from backoffice.richtext_field import RichTextField
from notices.models.notice import Attachment, Notice, attachment_path


class Amendment(models.Model):
    """What is to stand in the notice afterwards. While it is open, readers go on seeing what is on show.

    A notice has one open change at most, which several people may write. It is never deleted.
    """

    class Kind(models.TextChoices):
        TYPO = "typo", _("Typo")
        MATERIAL = "material", _("Material")
        TELL = "tell", _("Tell only")

    class State(models.TextChoices):
        DRAFT = "draft", _("Being written")
        WAITING = "waiting", _("Waits for a second person")
        APPLIED = "applied", _("Made")
        DISCARDED = "discarded", _("Discarded")

    OPEN = (State.DRAFT.value, State.WAITING.value)
    TEXT = ("title", "content", "end_date", "due_date")  # what it may change, beside attachments

    notice = models.ForeignKey(Notice, models.CASCADE, related_name="amendments", db_index=False, verbose_name=_("notice"))
    # Within the notice. Mails about a change carry it as their occasion.
    number = models.PositiveIntegerField(_("number"))
    # The notice's version that it was written against; made only while the notice still has it.
    base_version = models.PositiveIntegerField(_("version of the notice"))
    title = models.CharField(_("title"), max_length=200)
    content = RichTextField(_("content"))
    end_date = models.DateField(
        _("on show until"), null=True, blank=True, help_text=_("The last day on show. Empty: until it is withdrawn.")
    )
    due_date = models.DateField(_("acknowledge by"), null=True, blank=True)
    kind = models.CharField(_("kind of change"), max_length=16, choices=Kind, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.DRAFT)
    # Rises with every save of it; a form or page that was opened with an older one is refused.
    version = models.PositiveIntegerField(_("version"), default=0)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False, verbose_name=_("written or handed in by")
    )
    begun_at = models.DateTimeField(_("begun"))

    # What became of it. Of a change that was returned, the reason for that.
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False, verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided"), null=True)
    decision_reason = models.TextField(_("reason of the decision"), blank=True)
    revision = models.PositiveIntegerField(_("revision"), null=True)  # that it was made in, or that it began
    people = models.PositiveIntegerField(_("people told"), null=True)
    acknowledged = models.PositiveIntegerField(_("acknowledgements until then"), null=True)
    # As acknowledgements keep it: which of them confirmed the words of before can be told by it for ever.
    content_before = models.CharField(_("digest of the content before"), max_length=64, blank=True)
    content_after = models.CharField(_("digest of the content after"), max_length=64, blank=True)
    summary = models.TextField(_("what changed, in words"), blank=True)

    history = audited(part_of=("notice",), excluded=("version",), shown=("number", "kind", "reason", "state"))

    class Meta:
        verbose_name = _("change of a notice on show")
        verbose_name_plural = _("changes of notices on show")
        default_permissions = ()
        ordering = ("number",)
        constraints = [
            models.UniqueConstraint(fields=["notice", "number"], name="amendment_number_within_notice"),
            models.UniqueConstraint(fields=["notice"], condition=Q(state__in=["draft", "waiting"]), name="one_open_amendment_of_a_notice"),
            models.CheckConstraint(condition=Q(state__in=["draft", "waiting", "applied", "discarded"]), name="amendment_state_is_known"),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "discarded"]) | (Q(kind__in=["typo", "material", "tell"]) & ~Q(reason="")),
                name="amendment_says_what_and_why",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.notice_id}: {self.number}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN


class AmendedFile(models.Model):
    """A file that a change attaches to the notice; or, if it names an attachment, takes off it."""

    amendment = models.ForeignKey(Amendment, models.CASCADE, related_name="files", verbose_name=_("change"))
    # No foreign key: the attachment goes when the change is made, and this stays.
    takes_off = models.BigIntegerField(_("attachment that is taken off"), null=True)
    file = models.FileField(_("file"), upload_to=attachment_path)
    name = models.CharField(_("name"), max_length=200)
    content_type = models.CharField(_("type"), max_length=100, blank=True)
    size = models.PositiveBigIntegerField(_("size"), default=0, help_text=_("In bytes."))
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)

    COPIED = ("file", "name", "content_type", "size", "sha256")

    history = audited(part_of=("amendment",), shown=("name", "takes_off", "sha256"))

    class Meta:
        verbose_name = _("file of a change")
        verbose_name_plural = _("files of a change")
        default_permissions = ()
        ordering = ("id",)
        constraints = [models.UniqueConstraint(fields=["amendment", "takes_off"], name="amendment_takes_a_file_off_once")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def of(cls, attachment: Attachment, **fields: object) -> "AmendedFile":
        """The same file, in a change: a checked upload, or what is attached already."""
        return cls(**{name: getattr(attachment, name) for name in cls.COPIED}, **fields)

    def as_attachment(self, notice: Notice) -> Attachment:
        return Attachment(notice=notice, **{name: getattr(self, name) for name in self.COPIED})
