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
}
