"""The columns of the lists of the Audience section.

What an import knows is called here as it is called there (`recipients.imports`), so that a file that came out of here goes in again.
"""

from typing import Any

from django.db.models import F, QuerySet
from django.db.models.expressions import Case, Value, When
from django.db.models.fields import BooleanField
from django.utils.translation import gettext_lazy as _
from import_export.fields import Field

from audit.exports.resources import ListResource, name_of
from audit.exports.tables import Select, select_of
from audit.exports.widgets import Choice, Day, Moment, Number, Text, YesNo
from recipients.models import (
    AddressProblem,
    Import,
    Recipient,
    RecipientGroupAdditionalRecipient,
    RecipientGroupRecipient,
    RoleAssignment,
    User,
)


class PersonResource(ListResource):
    employee_number = Field("employee_number", _("Employee number"), Text())
    email = Field("email", _("E-mail"), Text())
    first_name = Field("first_name", _("First name"), Text())
    last_name = Field("last_name", _("Last name"), Text())
    job_title = Field("job_title", _("Job title"), Text())
    username = Field("username", _("Username"), Text())
    is_active = Field("is_active", _("Active"), YesNo())
    is_staff = Field("is_staff", _("Back office"), YesNo())
    mail_comes_back = Field("address_problem__cause", _("Address does not work"), Choice(lambda: AddressProblem.Cause.choices))
    mail_comes_back_code = Field("address_problem__code", _("Address does not work: code"), Text())
    mail_comes_back_since = Field("address_problem__since", _("Address does not work since (UTC)"), Moment())


class PersonWithPlacesResource(PersonResource):
    """A line for each place of a person, and one for whoever has none."""

    recipient = Field("roleassignment__recipient__code", _("Recipient code"), Text())
    role = Field("roleassignment__role", _("Role"), Text())
    starts_on = Field("roleassignment__starts_on", _("From"), Day())
    ends_on = Field("roleassignment__ends_on", _("Until"), Day())

    def filter_export(self, queryset: QuerySet, **kwargs: Any) -> QuerySet:
        """The places of one person stay together; the order of the people is that of the page, which always ends with a key."""
        return queryset.order_by(*queryset.query.order_by, "roleassignment__recipient__name", "roleassignment__pk")

    def counted(self, rows: QuerySet) -> Select:
        return select_of(rows.order_by().values("pk", "roleassignment__pk"))


class RecipientResource(ListResource):
    code = Field("code", _("Recipient code"), Text())
    name = Field("name", _("Name"), Text())
    kind = Field("kind", _("Kind"), Choice(lambda: Recipient.Kind.choices))
    email = Field("email", _("E-mail"), Text())
    is_active = Field("is_active", _("Active"), YesNo())
    people = Field("people_now", _("People"), Number())


class GroupResource(ListResource):
    code = Field("code", _("Group code"), Text())
    name = Field("name", _("Group name"), Text())
    description = Field("description", _("Description"), Text())
    recipients = Field("recipient_links", _("Recipients"), Number())
    people = Field("people_links", _("Single people"), Number())
    modified_at = Field("modified_at", _("Changed (UTC)"), Moment())


class DeletedGroupResource(ListResource):
    code = Field("code", _("Group code"), Text())
    name = Field("name", _("Group name"), Text())
    deleted_at = Field("deleted_at", _("Deleted (UTC)"), Moment())
    deleted_by = Field("deleted_by_name", _("By"), Text())

    def filter_export(self, queryset: QuerySet, **kwargs: Any) -> QuerySet:
        return queryset.annotate(deleted_by_name=name_of("deleted_by"))


class MembershipResource(ListResource):
    """A line for each member of the groups on the list, recipients first.

    Members stand in two tables, so the rows are no single queryset: the groups of the page are joined to both in SQL of our own.
    """

    group = Field("code", _("Group code"), Text())
    group_name = Field("name", _("Group name"), Text())
    recipient = Field("recipient_code", _("Recipient code"), Text())
    employee_number = Field("employee_number", _("Employee number"), Text())
    email = Field("email", _("E-mail"), Text())

    def select(self, rows: QuerySet) -> Select:
        groups, parameters = select_of(rows.annotate(g0=F("pk"), g1=F("code"), g2=F("name")).values("g0", "g1", "g2"))
        sql = f"""
            SELECT g.g1 AS c0, g.g2 AS c1, m.code AS c2, m.employee_number AS c3, m.email AS c4
            FROM (SELECT g0, g1, g2, row_number() OVER () AS place FROM ({groups}) page) g
            JOIN ({MEMBERS}) m ON m.group_id = g.g0
            ORDER BY g.place, m.kind, m.name, m.id
        """
        return sql, parameters

    def counted(self, rows: QuerySet) -> Select:
        groups, parameters = select_of(rows.order_by().values("pk"))
        return f"SELECT 1 FROM ({MEMBERS}) m WHERE m.group_id IN ({groups})", parameters


MEMBERS = f"""
    SELECT l.recipient_group_id AS group_id, 0 AS kind, r.name, r.id, r.code, NULL AS employee_number, NULL AS email
    FROM {RecipientGroupRecipient._meta.db_table} l JOIN {Recipient._meta.db_table} r ON r.id = l.recipient_id
    UNION ALL
    SELECT l.recipient_group_id, 1, u.last_name || ' ' || u.first_name, u.id, NULL, u.employee_number, u.email
    FROM {RecipientGroupAdditionalRecipient._meta.db_table} l JOIN {User._meta.db_table} u ON u.id = l.user_id
"""


class AudienceResource(ListResource):
    """The people behind an address, each with the reasons."""

    person = Field("person_name", _("Person"), Text())
    employee_number = Field("employee_number", _("Employee number"), Text())
    email = Field("email", _("E-mail"), Text())
    is_active = Field("is_active", _("Active"), YesNo())
    reasons = Field("reasons", _("Because of"), Text())

    def filter_export(self, queryset: QuerySet, **kwargs: Any) -> QuerySet:
        return queryset.annotate(person_name=name_of())


class RoleAssignmentResource(ListResource):
    person = Field("person_name", _("Person"), Text())
    employee_number = Field("user__employee_number", _("Employee number"), Text())
    email = Field("user__email", _("E-mail"), Text())
    recipient_name = Field("recipient__name", _("Recipient"), Text())
    recipient = Field("recipient__code", _("Recipient code"), Text())
    role = Field("role", _("Role"), Text())
    starts_on = Field("starts_on", _("From"), Day())
    ends_on = Field("ends_on", _("Until"), Day())
    current = Field("runs_today", _("Now"), YesNo())

    def filter_export(self, queryset: QuerySet, **kwargs: Any) -> QuerySet:
        current = RoleAssignment.objects.current().values("pk")
        runs = Case(When(pk__in=current, then=Value(value=True)), default=Value(value=False), output_field=BooleanField())
        return queryset.annotate(person_name=name_of("user"), runs_today=runs)


class ImportResource(ListResource):
    number = Field("pk", _("Number"), Number())
    file = Field("first_name", _("File"), Text())
    kind = Field("kind", _("What it holds"), Choice(lambda: Import.Kind.choices))
    mode = Field("mode", _("Mode"), Choice(lambda: Import.Mode.choices))
    state = Field("state", _("State"), Choice(lambda: Import.State.choices))
    uploaded_by = Field("uploaded_by", _("Uploaded by"), Text())
    created_at = Field("created_at", _("Uploaded (UTC)"), Moment())
    finished_at = Field("finished_at", _("Finished (UTC)"), Moment())
    undone_at = Field("undone_at", _("Undone (UTC)"), Moment())

    def filter_export(self, queryset: QuerySet, **kwargs: Any) -> QuerySet:
        return queryset.annotate(uploaded_by=name_of("created_by"))


class RoleResource(ListResource):
    name = Field("name", _("Role"), Text())
    holders = Field("holders_now", _("People"), Number())
