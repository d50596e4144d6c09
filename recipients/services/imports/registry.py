"""Which kinds can be imported."""

from recipients.models import Import
from recipients.services.imports.kinds import Kind
from recipients.services.imports.memberships import Memberships
from recipients.services.imports.people import People
from recipients.services.imports.things import GROUPS, RECIPIENTS

KINDS: dict[str, Kind] = {
    Import.Kind.MEMBERSHIPS.value: Memberships(),
    Import.Kind.GROUPS.value: GROUPS,
    Import.Kind.RECIPIENTS.value: RECIPIENTS,
    Import.Kind.PEOPLE.value: People(),
}


def kind_of(batch: Import) -> Kind:
    return KINDS[batch.kind]
