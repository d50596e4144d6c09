from recipients.models.grants import (
    RecipientGroupRolePermission,
    RecipientRolePermission,
    RecipientGroupUserPermission,
    RecipientUserPermission,
)
from recipients.models.groups import (
    RecipientGroup,
    RecipientGroupAdditionalRecipient,
    RecipientGroupRecipient,
)
from recipients.models.organisation import Recipient, RoleAssignment
from recipients.models.people import User

__all__ = [
    "Recipient",
    "RecipientGroup",
    "RecipientGroupAdditionalRecipient",
    "RecipientGroupRolePermission",
    "RecipientRolePermission",
    "RecipientGroupRecipient",
    "RecipientGroupUserPermission",
    "RecipientUserPermission",
    "RoleAssignment",
    "User",
]
