"""What each column of each kind of spreadsheet holds, for whoever fills it."""

from django.utils.translation import gettext_lazy as _

from recipients.models import Import

Kind = Import.Kind
HELP = {
    (Kind.MEMBERSHIPS, "group"): _("The group's code. The group has to exist."),
    (Kind.MEMBERSHIPS, "group_name"): _("May stay empty. It must not differ within a group."),
    (Kind.MEMBERSHIPS, "recipient"): _("Of a department, site, role or team: everyone who belongs to it is in the group."),
    (Kind.MEMBERSHIPS, "employee_number"): _("A person's."),
    (Kind.MEMBERSHIPS, "email"): _(
        "A person's, one address and nothing else. Each row names a recipient or a person in one of these three columns."
    ),
    (Kind.GROUPS, "group"): _("By this it is found, and by nothing else."),
    (Kind.GROUPS, "group_name"): _("What people read."),
    (Kind.GROUPS, "description"): _("May stay empty; then it stays as it is."),
    (Kind.RECIPIENTS, "recipient"): _("By this it is found, and by nothing else."),
    (Kind.RECIPIENTS, "name"): _("What people read."),
    (Kind.RECIPIENTS, "kind"): _("Department, site, role or team. Empty: as it is, or a department."),
    (Kind.RECIPIENTS, "email"): _("A shared mailbox, if there is one."),
    (Kind.RECIPIENTS, "active"): _("Yes or no. Empty: as it is, or yes."),
    (Kind.PEOPLE, "employee_number"): _("By this or the e-mail a person is found."),
    (Kind.PEOPLE, "email"): _("One address and nothing else."),
    (Kind.PEOPLE, "first_name"): _("Empty: as it is."),
    (Kind.PEOPLE, "last_name"): _("Empty: as it is."),
    (Kind.PEOPLE, "job_title"): _("Empty: as it is."),
    (Kind.PEOPLE, "username"): _("To sign in with. Empty for someone new: the e-mail, or else the employee number."),
    (Kind.PEOPLE, "active"): _("No for whoever has left: the account closes and its sessions end. Empty: as it is, or yes."),
    (Kind.PEOPLE, "recipient"): _("Where the person belongs; a row for each entry. It has to exist."),
    (Kind.PEOPLE, "role"): _("What the person is there. Empty: member."),
    (Kind.PEOPLE, "from"): _("The first day, such as 2026-11-30. Empty: no limit."),
    (Kind.PEOPLE, "until"): _("The last day, such as 2026-11-30. Empty: no limit."),
}
