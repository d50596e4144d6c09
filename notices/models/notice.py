"""The notice itself, its category and its attachments."""

import uuid
from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from audit.records import audited
from backoffice import clock
from backoffice.models import (
    CheckedTogetherMixin,
    LivingManager,
    PublishableMixin,
    SoftDeleteMixin,
    TimestampMixin,
    UserTrackingMixin,
)
from backoffice.richtext_field import RichTextField
from notices.querysets import NoticeQuerySet
from recipients.models import Recipient

JOINER_DAYS = 5  # working days, where neither the notice nor its category says
WORKING_DAYS = (MinValueValidator(1), MaxValueValidator(250))
MOST_REMINDERS, FARTHEST_REMINDER = 10, 120  # on each side of the day to acknowledge by; days from it


def days_before() -> list[int]:
    return [7, 1]


def days_after() -> list[int]:
    return [3, 10]


def _reminder_days(label: Any, help_text: Any, default: Callable[[], list[int]]) -> ArrayField:
    day = models.PositiveSmallIntegerField(validators=[MaxValueValidator(FARTHEST_REMINDER)])
    return ArrayField(day, size=MOST_REMINDERS, verbose_name=label, help_text=help_text, default=default, db_default=[], blank=True)


class Category(models.Model):
    class Colour(models.TextChoices):
        GRAY = "gray", _("Grey")
        RED = "red", _("Red")
        ORANGE = "orange", _("Orange")
        AMBER = "amber", _("Amber")
        GREEN = "green", _("Green")
        BLUE = "blue", _("Blue")
        PURPLE = "purple", _("Purple")

    name = models.CharField(_("name"), max_length=80, unique=True)
    description = models.TextField(_("description"), blank=True)
    colour = models.CharField(_("colour"), max_length=16, choices=Colour, default=Colour.GRAY)
    needs_approval = models.BooleanField(
        _("needs approval"), default=False, help_text=_("Someone who did not write it has to approve it first.")
    )
    requires_acknowledgement = models.BooleanField(
        _("asks for acknowledgement"), default=False, help_text=_("The default for new notices.")
    )
    joiner_days = models.PositiveSmallIntegerField(
        _("days for those who join later"),
        null=True,
        blank=True,
        validators=WORKING_DAYS,
        help_text=_("Working days to acknowledge a notice that is on show already. Empty: 5."),
    )
    mails_are_optional = models.BooleanField(
        _("mails are optional"),
        default=False,
        help_text=_("Readers may choose to find these notices in their inbox alone. What is to be acknowledged is mailed to all."),
    )

    history = audited(searched=("name",))

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


def _words_of(field: str) -> models.Func:
    """Text for the search: “WS-4471” is two words, not a word and the number −4471."""
    return models.Func(F(field), models.Value("-_"), models.Value("  "), function="translate", output_field=models.TextField())


class Notice(CheckedTogetherMixin, TimestampMixin, UserTrackingMixin, SoftDeleteMixin, PublishableMixin):
    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        IN_REVIEW = "in_review", _("In review")
        APPROVED = "approved", _("Approved")
        SCHEDULED = "scheduled", _("Scheduled")
        PUBLISHED = "published", _("Published")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    title = models.CharField(_("title"), max_length=200)
    content = RichTextField(_("content"))
    category = models.ForeignKey(Category, models.PROTECT, null=True, blank=True, verbose_name=_("category"), db_index=False)
    status = models.CharField(_("status"), max_length=16, choices=Status, default=Status.DRAFT)
    start_date = models.DateField(_("on show from"), default=clock.today)
    end_date = models.DateField(
        _("on show until"), null=True, blank=True, help_text=_("The last day on show. Empty: until it is withdrawn.")
    )
    requires_acknowledgement = models.BooleanField(_("must be acknowledged"), default=False)
    due_date = models.DateField(_("acknowledge by"), null=True, blank=True)
    # Calendar days from the day to acknowledge by, which for a joiner is their own (docs/decisions/0029).
    remind_before = _reminder_days(
        _("remind days before"),
        _("Numbers with commas between, such as 7, 1; 0 is the day itself. Empty: no reminder before."),
        days_before,
    )
    remind_after = _reminder_days(_("remind days after"), _("The same, for who is late. Empty: no reminder after."), days_after)
    tells_joiners = models.BooleanField(
        _("mail those who join later"),
        default=True,
        db_default=True,
        help_text=_("Whoever comes into its audience while it is on show finds it in the inbox. Ticked: and gets one mail."),
    )
    joiner_days = models.PositiveSmallIntegerField(
        _("days for those who join later"),
        null=True,
        blank=True,
        validators=WORKING_DAYS,
        help_text=_("Working days to acknowledge it, if the day above comes too soon for them. Empty: as the category says, else 5."),
    )
    publish_at = models.DateTimeField(_("publish at"), null=True, blank=True)
    # Rises when readers have to be asked again; acknowledgements and deliveries belong to one.
    revision = models.PositiveIntegerField(_("revision"), default=1)
    # Rises with every change by a form; a form that was opened with an older one is refused.
    version = models.PositiveIntegerField(_("version"), default=1)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    status_reason = models.TextField(_("reason"), blank=True)
    # Set as soon as it was in a category that asks for approval, and kept when the category changes; an approver may lift it.
    needs_approval = models.BooleanField(_("needs approval"), default=False, db_default=False)
    # The last time it was published without approval. Never cleared.
    bypassed_at = models.DateTimeField(_("published without approval"), null=True, blank=True)

    department = models.ForeignKey(
        Recipient,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="own_notices",
        limit_choices_to={"kind": Recipient.Kind.DEPARTMENT},
        db_index=False,
        verbose_name=_("department"),
        help_text=_("Its authors write and keep this notice. It decides nothing about who gets it."),
    )

    recipients = models.ManyToManyField(Recipient, through="NoticeRecipient", verbose_name=_("recipients"))
    search_vector = models.GeneratedField(
        # The title twice: by stem, and as written for words that are typed half.
        expression=SearchVector(_words_of("title"), weight="A", config="english")
        + SearchVector(_words_of("title"), weight="A", config="simple")
        + SearchVector(_words_of("content"), weight="B", config="english"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    # What a right on the department allows on its notices (`backoffice.permissions`).
    rights_from: ClassVar = {
        "department": {
            "author": ("add", "view", "change", "delete", "restore", "restore_version", "export"),
            "publish": ("view", "publish"),
        }
    }
    creator_may: ClassVar = ("view", "change", "delete", "restore", "export")

    objects = LivingManager.from_queryset(NoticeQuerySet)()
    all_objects = NoticeQuerySet.as_manager()
    history = audited(excluded=("is_published", "search_vector", "version"), searched=("title",))

    class Meta:
        db_table = "notices"
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        permissions = [
            ("publish_notice", _("Can publish and withdraw notices")),
            ("approve_notice", _("Can approve notices that others wrote")),
            ("break_glass_notice", _("Can publish notices without approval")),
            ("export_notice", _("Can export notices")),
            ("grant_notice", _("Can decide who may do what to notices")),
            ("restore_notice", _("Can take notices out of the trash")),
            ("destroy_notice", _("Can destroy notices for good")),
            ("restore_version_notice", _("Can take back earlier versions of notices")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["draft", "in_review", "approved", "scheduled", "published", "withdrawn"]),
                name="notice_status_is_known",
            ),
            models.CheckConstraint(
                condition=Q(end_date__isnull=True) | Q(end_date__gte=F("start_date")),
                name="notice_ends_after_it_starts",
                violation_error_message=_("The notice would end before it starts."),
            ),
            models.CheckConstraint(
                condition=~Q(status="scheduled") | Q(publish_at__isnull=False),
                name="scheduled_notice_has_a_moment",
                violation_error_message=_("A scheduled notice needs the moment to publish it."),
            ),
            models.CheckConstraint(
                condition=~Q(status="published") | Q(published_at__isnull=False),
                name="published_notice_has_a_moment",
                violation_error_message=_("A published notice needs the moment it was published."),
            ),
        ]
        indexes = [
            models.Index(F("id").desc(), name="notice_living", condition=Q(is_deleted=False)),
            models.Index("status", F("id").desc(), name="notice_by_status", condition=Q(is_deleted=False)),
            models.Index("category", F("id").desc(), name="notice_by_category"),
            models.Index("department", F("id").desc(), name="notice_by_department", condition=Q(department__isnull=False)),
            models.Index("publish_at", name="notice_due", condition=Q(status="scheduled")),
            GinIndex("search_vector", name="notice_search"),
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, **kwargs) -> None:
        """A notice saved as published has a moment of publication, whoever forgot to say it."""
        if self.status == self.Status.PUBLISHED and self.published_at is None:
            self.published_at = clock.now()
            if kwargs.get("update_fields") is not None:
                kwargs["update_fields"] = {*kwargs["update_fields"], "published_at"}
        super().save(**kwargs)

    def clean(self) -> None:
        errors = {}
        if not any(character.isprintable() and not character.isspace() for character in self.title):
            errors["title"] = _("Write a title: this one cannot be seen.")
        if self.end_date and self.start_date and self.end_date < self.start_date:
            errors["end_date"] = _("The end is before the start. Choose the start day or a later one.")
        if self.due_date and self.start_date and self.due_date < self.start_date:
            errors["due_date"] = _("Nobody could acknowledge before the notice is on show. Choose a later day.")
        if self.due_date and self.end_date and self.due_date > self.end_date:
            errors["due_date"] = _("The notice is gone by then. Choose a day on or before its end.")
        if errors:
            raise ValidationError(errors)

    @property
    def is_expired(self) -> bool:
        return self.end_date is not None and self.end_date < clock.today()

    @property
    def optional_category_id(self) -> int | None:
        """The category whose mails people may do without. None: it is mailed to all, as whatever is to be acknowledged."""
        is_optional = self.category is not None and self.category.mails_are_optional and not self.requires_acknowledgement
        return self.category_id if is_optional else None

    @property
    def begins_later(self) -> bool:
        return self.start_date > clock.today()

    @property
    def is_editable(self) -> bool:
        """Text and audience may change: nobody is reading or deciding on it now. What is approved becomes a draft by it."""
        return not self.is_deleted and self.status in {self.Status.DRAFT, self.Status.APPROVED, self.Status.WITHDRAWN}

    @property
    def must_be_approved(self) -> bool:
        """The most demanding of what its category asks now and of every category it was in."""
        return self.needs_approval or (self.category is not None and self.category.needs_approval)


class TrashManager(models.Manager.from_queryset(NoticeQuerySet)):
    def get_queryset(self) -> NoticeQuerySet:
        return super().get_queryset().deleted()


class TrashedNotice(Notice):
    """The same row, seen from the trash."""

    objects = TrashManager()

    class Meta:
        proxy = True
        default_permissions = ()
        verbose_name = _("deleted notice")
        verbose_name_plural = _("trash")


def attachment_path(attachment: "Attachment", filename: str) -> str:
    """A name of our choosing: nothing of the uploaded name reaches the disk."""
    return f"attachments/{uuid.uuid4().hex}"


class Attachment(models.Model):
    notice = models.ForeignKey(Notice, models.CASCADE, related_name="attachments", verbose_name=_("notice"))
    file = models.FileField(_("file"), upload_to=attachment_path)
    name = models.CharField(_("name"), max_length=200, blank=True)
    content_type = models.CharField(_("type"), max_length=100, blank=True)
    size = models.PositiveBigIntegerField(_("size"), default=0, help_text=_("In bytes."))
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)

    history = audited(part_of=("notice",), shown=("name", "sha256"))

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ("id",)

    def __str__(self) -> str:
        return self.name
