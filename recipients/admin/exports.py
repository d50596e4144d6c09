"""The lists of the Audience section that can be exported, and what is asked of whoever does.

A list of recipients or groups asks for the right to export them, row by row. Whatever holds addresses or numbers of people
also asks for the right to see people; the list of people itself, for the right to export what is held on them.
"""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from audit.exports.change_lists import ExportedChangeList
from audit.exports.lists import Asked, ExportedList, register
from audit.exports.of_one import ExportedTab
from backoffice.admin.paginator import LONGEST_SEARCH
from backoffice.permissions import may_everywhere, visible
from recipients.admin.group_pages import deleted_groups
from recipients.admin.people_table import PARTS
from recipients.dtos import Address
from recipients.models import Import, Recipient, RecipientGroup, RoleAssignment, User
from recipients.repositories import AudienceRepository
from recipients.resources import (
    AudienceResource,
    DeletedGroupResource,
    GroupResource,
    ImportResource,
    MembershipResource,
    PersonResource,
    PersonWithPlacesResource,
    RecipientResource,
    RoleAssignmentResource,
    RoleResource,
)


class ExportedAssignments(ExportedChangeList):
    """An entry leaves with its recipient: whoever may export that."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asks = (("view", RoleAssignment), ("export", Recipient))

    def rows(self, asked: Asked) -> QuerySet:
        if may_everywhere(asked.user, "export", Recipient):
            return self.shown(asked)
        own = visible(asked.user, "export", Recipient.objects.all())
        return self.shown(asked).filter(recipient__in=own.order_by().values("pk"))


class ExportedDeletedGroups(ExportedList):
    name, title, resource = "deleted_groups", _("Deleted groups"), DeletedGroupResource
    asks, row_right = (("export", RecipientGroup),), "export"

    def shown(self, asked: Asked) -> QuerySet:
        return deleted_groups(asked.user)

    def url(self, object_id: int | None) -> str:
        return reverse("admin:recipients_recipientgroup_trash")


def exported_audience(model: Any, name: str, title: Any, *, view: str, address_of: Callable[[Any], Address]) -> ExportedTab:
    """The people behind one object now, as its page lists them. The reasons name recipients and groups."""

    def rows(target: Any, asked: Asked) -> QuerySet:
        address, search = address_of(target), asked.query.get("q", "")[:LONGEST_SEARCH]
        people = AudienceRepository.people(address, only=asked.query.get("only", ""), search=search)
        return AudienceRepository.with_reasons(people, address)

    sees_too = (User, Recipient, RecipientGroup)
    return ExportedTab(model, name, title, AudienceResource, rows=rows, view=view, narrows={"only": dict(PARTS)}, sees_too=sees_too)


def _of_group(group: RecipientGroup) -> Address:
    return Address.of(groups=[group.pk])


def _of_recipient(recipient: Recipient) -> Address:
    return Address.of(recipients=[recipient.pk])


register(
    ExportedChangeList(User, "people", _("People"), PersonResource),
    ExportedChangeList(User, "people_and_places", _("People with their places"), PersonWithPlacesResource, sees_too=(RoleAssignment,)),
    ExportedChangeList(Recipient, "recipients", _("Recipients"), RecipientResource),
    ExportedChangeList(RecipientGroup, "groups", _("Groups"), GroupResource),
    ExportedChangeList(RecipientGroup, "group_members", _("Members of the groups"), MembershipResource, sees_too=(User, Recipient)),
    exported_audience(
        Recipient, "recipient_people", _("People of a recipient"), view="admin:recipients_recipient_people", address_of=_of_recipient
    ),
    exported_audience(
        RecipientGroup, "group_people", _("People in a group"), view="admin:recipients_recipientgroup_people", address_of=_of_group
    ),
    ExportedDeletedGroups(),
    ExportedAssignments(RoleAssignment, "places", _("Who belongs where"), RoleAssignmentResource, sees_too=(User,)),
    # There is no right to export these, and nothing on them that is anybody's own: who may see them may take the list.
    ExportedChangeList(Import, "imports", _("Imports"), ImportResource, right="view"),
    ExportedChangeList(Group, "roles", _("Roles"), RoleResource, right="view"),
)
