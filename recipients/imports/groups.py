"""Groups, one to a row, without their members."""

from django.utils.translation import gettext_lazy as _

from recipients.imports.cells import PLAIN_CODES, Rule, check_code
from recipients.imports.checks import filled
from recipients.imports.columns import Column, ColumnSet
from recipients.imports.declared import Declaration
from recipients.imports.limits import DEFAULT_LIMITS
from recipients.imports.sameness import Same

GROUPS = Declaration(
    columns=ColumnSet(
        (
            Column("group", _("Group code"), ("code", "group id", "recipient group", "recipient group code"), required=True),
            Column("group_name", _("Group name"), ("name", "name of group", "recipient group name"), required=True),
            Column("description", _("Description"), ("group description", "purpose")),
        )
    ),
    rules={
        "group": Rule(64, key=True, check=check_code, plain=PLAIN_CODES),
        "group_name": Rule(200, key=False),
        "description": Rule(DEFAULT_LIMITS.cell, key=False, lines=True),
    },
    rows=(
        filled("group", _("Is empty. Enter the code of the group.")),
        filled("group_name", _("Is empty. Enter the name of the group.")),
    ),
    same=(Same((("group",),), ("group", "group_name", "description"), _("Keep one of the two rows.")),),
)
