from recipients.services.groups import RecipientGroupService
from recipients.services.organisation import RecipientService, RoleAssignmentService
from recipients.services.people import PersonService
from recipients.services.roles import RoleService

__all__ = ["PersonService", "RecipientGroupService", "RecipientService", "RoleAssignmentService", "RoleService"]
