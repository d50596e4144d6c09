"""The organisation: its entities, and who belongs to which of them from when to when."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.records import audited
from backoffice import clock
from backoffice.models import TimestampMixin
from recipients.querysets import RecipientQuerySet, RoleAssignmentQuerySet


class Recipient(TimestampMixin):
    """A part of the organisation that can be addressed: a department, a site, a role or a team."""

    class Kind(models.TextChoices):
        DEPARTMENT = "department", _("Department")
        SITE = "site", _("Site")
        ROLE = "role", _("Role")
        TEAM = "team", _("Team")

    code = models.CharField(_("code"), max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=200)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind, default=Kind.DEPARTMENT)
    email = models.EmailField(_("e-mail"), blank=True, help_text=_("A shared mailbox, if there is one. For information only."))
    is_active = models.BooleanField(_("active"), default=True, help_text=_("An inactive entity addresses nobody."))

    # Who writes for a department may send to it.
    rights_imply: ClassVar = {"author": ("address",)}
    creator_may: ClassVar = ("view", "change", "delete", "manage_members", "export")

    objects = RecipientQuerySet.as_manager()
    history = audited(searched=("name", "code"))

    class Meta:
        verbose_name = _("recipient")
        verbose_name_plural = _("recipients")
        ordering = ("name", "id")
        permissions = [
            ("address_recipient", _("Can send notices to recipients")),
            ("manage_members_recipient", _("Can decide who belongs to recipients")),
            ("author_recipient", _("Can write notices of departments")),
            ("publish_recipient", _("Can publish notices of departments")),
            ("export_recipient", _("Can export recipients")),
            ("grant_recipient", _("Can decide who may do what with recipients")),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=["department", "site", "role", "team"]), name="recipient_kind_is_known"),
        ]

    def __str__(self) -> str:
        return self.name


class RoleAssignment(TimestampMixin):
    """A person belongs to an entity. Both dates are inclusive; no date means no limit."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, db_index=False, verbose_name=_("person"))
    recipient = models.ForeignKey(Recipient, models.CASCADE, verbose_name=_("recipient"))
    role = models.CharField(_("role"), max_length=80, default=_("Member"), blank=True)
    starts_on = models.DateField(_("from"), null=True, blank=True)
    ends_on = models.DateField(_("until"), null=True, blank=True)

    # Who decides who belongs to a recipient keeps its entries.
    rights_from: ClassVar = {"recipient": {"manage_members": ("view", "add", "change", "delete")}}

    objects = RoleAssignmentQuerySet.as_manager()
    history = audited(part_of=("user", "recipient"))

    class Meta:
        verbose_name = _("role assignment")
        verbose_name_plural = _("role assignments")
        ordering = ("recipient__name", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "recipient", "role"],
                name="one_assignment_per_role",
                violation_error_message=_("This person already has this role there."),
            ),
            models.CheckConstraint(
                condition=models.Q(ends_on__isnull=True) | models.Q(starts_on__isnull=True) | models.Q(ends_on__gte=models.F("starts_on")),
                name="assignment_ends_after_it_starts",
                violation_error_message=_("“Until” is before “from”. Set it to the same day or later."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.recipient}"

    @property
    def is_current(self) -> bool:
        today = clock.today()
        return (self.starts_on is None or self.starts_on <= today) and (self.ends_on is None or self.ends_on >= today)
