"""Recipient groups: a name for entities and single people who are often addressed together."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.records import audited
from backoffice.models import LivingManager, SoftDeleteMixin, TimestampMixin, UserTrackingMixin
from recipients.models.organisation import Recipient
from recipients.querysets import RecipientGroupQuerySet


class RecipientGroup(TimestampMixin, UserTrackingMixin, SoftDeleteMixin):
    code = models.CharField(_("code"), max_length=64)
    name = models.CharField(_("name"), max_length=200)
    description = models.TextField(_("description"), blank=True)

    creator_may: ClassVar = ("view", "change", "delete", "manage_members", "export")

    objects = LivingManager.from_queryset(RecipientGroupQuerySet)()
    all_objects = RecipientGroupQuerySet.as_manager()
    history = audited(searched=("name", "code"))

    class Meta:
        verbose_name = _("recipient group")
        verbose_name_plural = _("recipient groups")
        ordering = ("name", "id")
        permissions = [
            ("address_recipientgroup", _("Can send notices to recipient groups")),
            ("manage_members_recipientgroup", _("Can decide who belongs to recipient groups")),
            ("export_recipientgroup", _("Can export recipient groups")),
            ("grant_recipientgroup", _("Can decide who may do what with recipient groups")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["code"],
                condition=models.Q(is_deleted=False),
                name="unique_group_code_among_the_living",
                violation_error_message=_("Another group has this code. Choose a different one."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RecipientGroupRecipient(models.Model):
    """An entity in a group: everyone who belongs to the entity is a member."""

    recipient_group = models.ForeignKey(RecipientGroup, models.CASCADE, verbose_name=_("group"), db_index=False)
    recipient = models.ForeignKey(Recipient, models.CASCADE, verbose_name=_("recipient"))

    history = audited(part_of=("recipient_group", "recipient"))

    class Meta:
        verbose_name = _("recipient in a group")
        verbose_name_plural = _("recipients in groups")
        constraints = [
            models.UniqueConstraint(
                fields=["recipient_group", "recipient"],
                name="recipient_once_in_a_group",
                violation_error_message=_("This recipient is already in the group."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.recipient} in {self.recipient_group}"


class RecipientGroupAdditionalRecipient(models.Model):
    """A single person in a group."""

    recipient_group = models.ForeignKey(RecipientGroup, models.CASCADE, verbose_name=_("group"), db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("person"))

    history = audited(part_of=("recipient_group", "user"))

    class Meta:
        verbose_name = _("person in a group")
        verbose_name_plural = _("people in groups")
        constraints = [
            models.UniqueConstraint(
                fields=["recipient_group", "user"],
                name="person_once_in_a_group",
                violation_error_message=_("This person is already in the group."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.recipient_group}"
