"""Which kinds can be imported."""

from recipients.models import Import
from recipients.services.imports.kinds import Kind
from recipients.services.imports.memberships import Memberships

KINDS: dict[str, Kind] = {Import.Kind.MEMBERSHIPS.value: Memberships()}


def kind_of(batch: Import) -> Kind:
    return KINDS[batch.kind]
