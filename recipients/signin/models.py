"""Who is signed in where, what proves a second time that it is them, and how often someone failed to."""

from typing import Any

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_totp.models import TOTPDevice

from audit.records import audit_foreign_model, audited

# When it was set up and taken away is told; the key, and what changes with every code, never enters the history.
audit_foreign_model(
    TOTPDevice,
    app="recipients.signin",
    part_of=("user",),
    excluded=("key", "last_t", "drift", "last_used_at", "throttling_failure_timestamp", "throttling_failure_count"),
)


class Session(AbstractBaseSession):
    """Django's table of sessions, with the person, so that theirs can be listed and ended."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")

    @classmethod
    def get_session_store_class(cls) -> Any:
        from recipients.signin.sessions import SessionStore  # noqa: PLC0415 - it needs this model

        return SessionStore


class RecoveryCode(models.Model):
    """Stands in for the phone once. Only a digest is kept: with 80 random bits behind it, a plain one gives nothing away."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, editable=False)
    used_at = models.DateTimeField(_("used"), null=True)

    history = audited(part_of=("user",), excluded=("digest",))

    class Meta:
        verbose_name = _("recovery code")
        verbose_name_plural = _("recovery codes")
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="unique_recovery_code")]

    def __str__(self) -> str:
        return str(self.pk)


class FailureCount(models.Model):
    """How often something failed since a moment. `key` is a digest: what people type as a name may be a password."""

    key = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveIntegerField()
    ends_at = models.DateTimeField(db_index=True)  # then counting begins anew

    class Meta:
        verbose_name = _("count of failures")
        verbose_name_plural = _("counts of failures")

    def __str__(self) -> str:
        return self.key
