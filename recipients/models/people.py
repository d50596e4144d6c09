"""People: everyone who may read a notice, and the few who write them."""

import zoneinfo
from typing import Any

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_totp.models import TOTPDevice

from audit.attribution import acting
from audit.records import audited
from backoffice import clock
from recipients.querysets import UserQuerySet


def validate_time_zone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise ValidationError(_("“%(name)s” is not a time zone. Use a name such as “Europe/London”."), params={"name": name})


class PeopleManager(UserManager.from_queryset(UserQuerySet)):
    def create_superuser(self, *args: Any, **kwargs: Any) -> "User":
        """The first account of an installation: nobody is there yet who could have made it."""
        with acting(None):
            return super().create_superuser(*args, **kwargs)

    def get_by_natural_key(self, username: str | None) -> "User":
        """Whoever signs in is asked for by name, and next for a second step: one query says both."""
        second_step = TOTPDevice.objects.filter(user=models.OuterRef("pk"), confirmed=True)
        return self.annotate(has_second_step=models.Exists(second_step)).get(username=username)


class User(AbstractUser):
    # Blank is stored as NULL, so that many may lack one and no two may share one.
    employee_number = models.CharField(_("employee number"), max_length=32, null=True, blank=True, unique=True)
    job_title = models.CharField(_("job title"), max_length=120, blank=True)
    # Tracked, so that the trail says when a password was set, and by whom, without holding any.
    password_changed_at = models.DateTimeField(_("password set"), null=True, blank=True)
    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        blank=True,
        validators=[validate_time_zone],
        help_text=_("Such as “Europe/London”. Empty: the organisation's own."),
    )

    on_hold = models.BooleanField(
        _("identity on hold"), default=False, help_text=_("While a dispute or an audit runs: who this person was is not erased.")
    )

    objects = PeopleManager()
    history = audited(
        excluded=("password", "last_login"),
        personal=("username", "first_name", "last_name", "email", "employee_number", "job_title"),
        searched=("first_name", "last_name", "username", "email", "employee_number"),
    )

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ("last_name", "first_name", "id")
        permissions = [
            ("anonymise_user", _("Can erase who a former member of staff was")),
            ("export_user", _("Can export what is held on people")),
        ]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="unique_email_among_people",
                condition=~models.Q(email=""),
                violation_error_message=_("Another person has this e-mail address."),
            ),
        ]
        indexes = [models.Index(fields=["last_name", "first_name", "id"], name="people_by_name")]

    def __str__(self) -> str:
        return self.get_full_name() or self.username

    def set_password(self, raw_password: str | None) -> None:
        super().set_password(raw_password)
        self.password_changed_at = clock.now()

    def clean(self) -> None:
        super().clean()
        self.employee_number = self.employee_number or None
