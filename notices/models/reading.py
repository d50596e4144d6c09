"""What readers did: opened, acknowledged, marked as a favourite."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from audit.records import audited
from backoffice import clock
from notices.models.notice import Notice
from notices.querysets import ReadAcknowledgmentQuerySet


class ReadAcknowledgment(models.Model):
    """A person opened this revision of a notice and, in a second act, perhaps confirmed it."""

    notice = models.ForeignKey(Notice, models.PROTECT, verbose_name=_("notice"))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, db_index=False, verbose_name=_("person"))
    revision = models.PositiveIntegerField(_("revision"), default=1)
    read_at = models.DateTimeField(_("opened"), default=clock.now)
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True, blank=True)
    content_sha256 = models.CharField(
        _("digest of what was confirmed"), max_length=64, blank=True, help_text=_("SHA-256 over title, content and attachments.")
    )

    objects = ReadAcknowledgmentQuerySet.as_manager()
    history = audited(part_of=("notice", "user"), by_readers=True)

    class Meta:
        verbose_name = _("acknowledgement")
        verbose_name_plural = _("acknowledgements")
        constraints = [
            models.UniqueConstraint(fields=["user", "notice", "revision"], name="one_acknowledgement_per_revision"),
            models.CheckConstraint(
                condition=Q(acknowledged_at__isnull=True) | Q(acknowledged_at__gte=F("read_at")), name="opened_before_acknowledged"
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_at__isnull=True) | ~Q(content_sha256=""), name="acknowledged_content_is_pinned"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.notice}"


class Favourite(models.Model):
    notice = models.ForeignKey(Notice, models.CASCADE, verbose_name=_("notice"))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, db_index=False, verbose_name=_("person"))
    created_at = models.DateTimeField(_("since"), auto_now_add=True)

    history = audited(part_of=("notice", "user"), by_readers=True)

    class Meta:
        verbose_name = _("favourite")
        verbose_name_plural = _("favourites")
        constraints = [models.UniqueConstraint(fields=["user", "notice"], name="favourite_once")]

    def __str__(self) -> str:
        return f"{self.user} ★ {self.notice}"
