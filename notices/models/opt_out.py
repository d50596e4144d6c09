"""What people do not want to be mailed about."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.records import audited
from notices.models.notice import Category


class MailOptOut(models.Model):
    """This person does without mails about notices of this category, where they may (`Notice.mails_are_optional`)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, db_index=False, verbose_name=_("person"))
    category = models.ForeignKey(Category, models.CASCADE, db_index=False, verbose_name=_("category"))

    history = audited(part_of=("category", "user"), by_readers=True)

    class Meta:
        verbose_name = _("mails done without")
        verbose_name_plural = _("mails done without")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["category", "user"], name="opted_out_once")]
        indexes = [models.Index(fields=["user"], name="opted_out_of")]

    def __str__(self) -> str:
        return f"{self.user}: {self.category}"
