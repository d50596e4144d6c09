"""E-mail addresses to which mail comes back."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.records import audited


class AddressProblem(models.Model):
    """Mail to the address that a person has now comes back.

    It holds while the row is there. The database takes it away when the address changes, through whichever door
    (a trigger of the migration `organisation`); a steward, when the address works again. What the servers said is not
    kept here but its code alone: it may name the person, and history keeps everything.
    """

    class Cause(models.TextChoices):
        REFUSED = "refused", _("Refused for good")
        REPEATED = "repeated", _("Came back several times in a row")

    person = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="address_problem", verbose_name=_("person"))
    cause = models.CharField(_("cause"), max_length=16, choices=Cause)
    code = models.CharField(_("status code"), max_length=16, blank=True, help_text=_("What mail servers call it, such as 5.1.1."))
    since = models.DateTimeField(_("since"))

    history = audited(part_of=("person",), shown=("cause", "code"))

    class Meta:
        verbose_name = _("address that does not work")
        verbose_name_plural = _("addresses that do not work")
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=models.Q(cause__in=["refused", "repeated"]), name="address_problem_cause_is_known")]

    def __str__(self) -> str:
        return f"{self.person}: {self.get_cause_display()}"
