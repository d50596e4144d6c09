"""Recipients: departments, sites, roles and teams, one to a row."""

from django.utils.translation import gettext_lazy as _

from recipients.imports.cells import PLAIN_CODES, PLAIN_EMAILS, Rule, check_code, check_email
from recipients.imports.checks import filled
from recipients.imports.columns import Column, ColumnSet
from recipients.imports.declared import Declaration
from recipients.imports.sameness import Same
from recipients.imports.values import ACTIVE_IN_WORDS, RECIPIENT_KINDS, active, check_active, check_kind, kind

RECIPIENTS = Declaration(
    columns=ColumnSet(
        (
            Column("recipient", _("Recipient code"), ("code", "department code", "entity code", "unit code"), required=True),
            Column("name", _("Name"), ("recipient name", "name of recipient"), required=True),
            Column("kind", _("Kind"), ("type", "kind of recipient")),
            Column("email", _("E-mail"), ("email address", "mail", "mail address", "mailbox", "shared mailbox")),
            Column("active", _("Active"), ("is active",)),
        )
    ),
    rules={
        "recipient": Rule(64, key=True, check=check_code, plain=PLAIN_CODES),
        "name": Rule(200, key=False),
        "kind": Rule(64, key=True, check=check_kind, becomes=kind, words=RECIPIENT_KINDS),
        "email": Rule(254, key=True, check=check_email, plain=PLAIN_EMAILS, caseless=True),
        "active": Rule(64, key=True, check=check_active, becomes=active, words=ACTIVE_IN_WORDS),
    },
    rows=(
        filled("recipient", _("Is empty. Enter the code of the recipient.")),
        filled("name", _("Is empty. Enter the name of the recipient.")),
    ),
    same=(Same((("recipient",),), ("recipient", "name", "kind", "email", "active"), _("Keep one of the two rows.")),),
)
