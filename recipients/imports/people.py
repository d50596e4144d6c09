"""People with their entries, one person and one entry to a row: joiners, leavers and movers, as a personnel system exports them."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from recipients.imports.cells import PLAIN_CODES, PLAIN_EMAILS, Rule, check_code, check_email
from recipients.imports.checks import Checked
from recipients.imports.columns import Column, ColumnSet, Header
from recipients.imports.declared import Declaration
from recipients.imports.problems import CellProblem, shown
from recipients.imports.sameness import Same
from recipients.imports.values import (
    ACTIVE_IN_WORDS,
    LONGEST_USERNAME,
    PLAIN_USERNAMES,
    active,
    as_it_is,
    check_active,
    check_date,
    check_username,
    username,
)

COLUMNS = ColumnSet(
    (
        Column(
            "employee_number",
            gettext_lazy("Employee number"),
            ("employee no", "employee id", "staff number", "staff no", "personnel number"),
        ),
        Column("email", gettext_lazy("E-mail"), ("email address", "mail", "mail address")),
        Column("first_name", gettext_lazy("First name"), ("forename", "given name")),
        Column("last_name", gettext_lazy("Last name"), ("surname", "family name")),
        Column("job_title", gettext_lazy("Job title"), ("position", "title of job")),
        Column("username", gettext_lazy("Username"), ("login", "sign-in name", "user name")),
        Column("active", gettext_lazy("Active"), ("is active",)),
        Column("recipient", gettext_lazy("Recipient code"), ("department code", "entity code", "unit code")),
        Column("role", gettext_lazy("Role"), ("role there",)),
        Column("from", gettext_lazy("From"), ("starts on", "start date", "from date", "valid from")),
        Column("until", gettext_lazy("Until"), ("ends on", "end date", "until date", "valid until", "to", "valid to")),
    ),
    one_of=(("employee_number", "email"),),
)
OWN = ("employee_number", "email", "first_name", "last_name", "job_title", "username", "active")
ENTRY = ("recipient", "role", "from", "until")


def names_somebody(header: Header, checked: Checked) -> Iterator[CellProblem]:
    numbers, emails = checked.column("employee_number"), checked.column("email")
    if "" not in numbers or "" not in emails:
        return
    title = header.title(next(key for key in ("employee_number", "email") if key in checked.columns))
    message = _("Nobody is named in this row. Enter an employee number or an e-mail.")
    for line, number, email in zip(checked.lines, numbers, emails, strict=True):
        if not (number or email):
            yield CellProblem(line, title, "", message, "missing")


def entries_say_where(header: Header, checked: Checked) -> Iterator[CellProblem]:
    """A role or a date without a recipient would be lost."""
    recipients = checked.column("recipient")
    if "" not in recipients:
        return
    for key in ("role", "from", "until"):
        if any(checked.column(key)):
            message = _("Is said of no recipient. Enter the recipient code in this row, or leave this cell empty.")
            for line, recipient, value in zip(checked.lines, recipients, checked.columns[key], strict=True):
                if value and not recipient:
                    yield CellProblem(line, header.title(key), shown(value), message, "missing")


def entries_end_after_they_start(header: Header, checked: Checked) -> Iterator[CellProblem]:
    """Both days belong to the entry. As text in this form, days compare as days."""
    if not {"from", "until"} <= checked.columns.keys():
        return
    for line, start, end in zip(checked.lines, checked.columns["from"], checked.columns["until"], strict=True):
        if end and end < start:
            message = _("Is before “%(column)s”, which is %(start)s. Set it to the same day or later.")
            yield CellProblem(line, header.title("until"), end, message % {"column": header.title("from"), "start": start}, "order")


PEOPLE = Declaration(
    columns=COLUMNS,
    rules={
        "employee_number": Rule(32, key=True, check=check_code, plain=PLAIN_CODES),
        "email": Rule(254, key=True, check=check_email, plain=PLAIN_EMAILS, caseless=True),
        "first_name": Rule(150, key=False),
        "last_name": Rule(150, key=False),
        "job_title": Rule(120, key=False, few=True),
        "username": Rule(LONGEST_USERNAME, key=True, check=check_username, becomes=username, plain=PLAIN_USERNAMES),
        "active": Rule(64, key=True, check=check_active, becomes=active, words=ACTIVE_IN_WORDS),
        "recipient": Rule(64, key=True, check=check_code, plain=PLAIN_CODES, few=True),
        "role": Rule(80, key=False, few=True, default=gettext_lazy("Member")),
        "from": Rule(64, key=True, check=check_date, becomes=as_it_is),
        "until": Rule(64, key=True, check=check_date, becomes=as_it_is),
    },
    rows=(names_somebody, entries_say_where, entries_end_after_they_start),
    same=(
        Same(
            (("employee_number",), ("email",), ("username",)),
            OWN,
            gettext_lazy("All rows of a person must say the same of this person. Correct one of the two."),
            counts=False,
        ),
        Same(
            (("employee_number", "recipient", "role"), ("email", "recipient", "role")),
            ENTRY,
            gettext_lazy("Keep one of the two rows."),
        ),
    ),
)
