from recipients.models import rights  # noqa: F401 - it registers histories and defines nothing
from recipients.models.addresses import AddressProblem
from recipients.models.grants import (
    RecipientGroupRolePermission,
    RecipientGroupUserPermission,
    RecipientRolePermission,
    RecipientUserPermission,
)
from recipients.models.groups import (
    RecipientGroup,
    RecipientGroupAdditionalRecipient,
    RecipientGroupRecipient,
)
from recipients.models.imports import Import, ImportFile, ImportProblem, ImportRow
from recipients.models.organisation import Recipient, RoleAssignment
from recipients.models.people import User

__all__ = [
    "AddressProblem",
    "Import",
    "ImportFile",
    "ImportProblem",
    "ImportRow",
    "Recipient",
    "RecipientGroup",
    "RecipientGroupAdditionalRecipient",
    "RecipientGroupRecipient",
    "RecipientGroupRolePermission",
    "RecipientGroupUserPermission",
    "RecipientRolePermission",
    "RecipientUserPermission",
    "RoleAssignment",
    "User",
]
