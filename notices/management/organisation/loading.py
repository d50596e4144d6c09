"""The whole organisation in one transaction, once."""

from dataclasses import dataclass
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection, transaction

from audit.maintenance import maintenance, stop_recording
from backoffice.demo import database
from notices.management.organisation.notices import load_notices
from notices.management.organisation.past import Past
from notices.management.organisation.people import load_organisation
from notices.management.organisation.readings import load_readings
from notices.management.organisation.source import Source
from notices.models import Delivery
from notices.services import AudienceKeyService


@dataclass(frozen=True, slots=True)
class Loaded:
    people: int
    recipients: int
    groups: int
    assignments: int
    notices: int
    deliveries: int
    readings: int


@transaction.atomic
def load(folder: Path) -> Loaded | None:
    """Load the organisation in `folder`. None: it is here already, and nothing was changed.

    Raises:
        CommandError: these people have known passwords and must not join real ones, or a file is at fault.
    """
    if settings.PRODUCTION:
        msg = "ENVIRONMENT is “production”. Made-up people with a known password have no place there."
        raise CommandError(msg)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('load_organisation'))")
    if database.is_marked():
        return None
    if database.has_people():
        msg = "The database holds people already, and made-up ones must not mix with them. Use an empty database."
        raise CommandError(msg)
    source, past = Source(folder), Past()
    with maintenance():
        organisation = load_organisation(source, past)
        _let_the_planner_see("recipients")
        notices, told = load_notices(source, past, organisation)
        stop_recording()
        readings = load_readings(told, past)
        past.write()
    AudienceKeyService.rebuild()
    database.mark()
    return Loaded(
        people=len(organisation.people),
        recipients=len(organisation.recipients),
        groups=len(organisation.groups),
        assignments=organisation.assignments,
        notices=notices,
        deliveries=Delivery.objects.count(),
        readings=readings,
    )


def _let_the_planner_see(app: str) -> None:
    """Autovacuum does not look into a transaction, and the audiences of all notices are asked for in this one."""
    tables = ", ".join(connection.ops.quote_name(model._meta.db_table) for model in apps.get_app_config(app).get_models())
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {tables}")
