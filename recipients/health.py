"""What the keeping of people's data needs of the database."""

from collections.abc import Iterator

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext as _

from audit.maintenance import maintenance
from backoffice.health import Finding, Group, check
from backoffice.health.findings import in_words


@check("erasing leavers", Group.DATABASE)
def erasing_leavers() -> Iterator[Finding]:
    if not settings.ERASE_LEAVERS_AFTER_DAYS:
        return
    try:
        with maintenance():
            pass
    except ImproperlyConfigured as error:
        yield Finding(
            _("Nobody's data are erased, though ERASE_LEAVERS_AFTER_DAYS is set: %(error)s.") % {"error": in_words(error)},
            _("As a superuser of PostgreSQL: GRANT staff_notices_maintenance TO the application's role WITH INHERIT FALSE, SET TRUE;"),
        )
