from recipients.services.addresses import AddressService
from recipients.services.grants import GrantService
from recipients.services.groups import RecipientGroupService
from recipients.services.imports import ImportService
from recipients.services.organisation import RecipientService, RoleAssignmentService
from recipients.services.people import PersonService
from recipients.services.roles import RoleService

__all__ = [
    "AddressService",
    "GrantService",
    "ImportService",
    "PersonService",
    "RecipientGroupService",
    "RecipientService",
    "RoleAssignmentService",
    "RoleService",
]
