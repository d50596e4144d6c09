"""For each kind a file that shows what is expected, to be filled in: the header and three rows, as Excel opens CSV best."""

import csv
import io

from recipients.imports.kinds import KINDS

ROWS: dict[str, tuple[dict[str, str], ...]] = {
    "memberships": (
        {"group": "NIGHT-SHIFT", "group_name": "Night shift", "recipient": "TEAM-NIGHTS-LEEDS"},
        {"group": "NIGHT-SHIFT", "group_name": "Night shift", "employee_number": "E10042"},
        {"group": "FIRE-WARDENS", "group_name": "Fire wardens", "email": "amir.hussain@example.org"},
    ),
    "recipients": (
        {"recipient": "DEPT-FACILITIES", "name": "Facilities", "kind": "department", "email": "facilities@example.org", "active": "yes"},
        {"recipient": "SITE-LEEDS", "name": "Leeds depot", "kind": "site", "active": "yes"},
        {"recipient": "TEAM-NIGHTS-YORK", "name": "Nights York", "kind": "team", "active": "no"},
    ),
    "groups": (
        {"group": "NIGHT-SHIFT", "group_name": "Night shift", "description": "Everyone who works between 22:00 and 06:00."},
        {"group": "FIRE-WARDENS", "group_name": "Fire wardens", "description": "Trained wardens of every site."},
        {"group": "FIRST-AIDERS", "group_name": "First aiders"},
    ),
    "people": (
        {
            "employee_number": "E10042",
            "email": "grace.okafor@example.org",
            "first_name": "Grace",
            "last_name": "Okafor",
            "job_title": "Shift supervisor",
            "username": "grace.okafor",
            "active": "yes",
            "recipient": "TEAM-NIGHTS-LEEDS",
            "role": "Supervisor",
            "from": "2026-11-30",
        },
        {
            "employee_number": "E10042",
            "email": "grace.okafor@example.org",
            "first_name": "Grace",
            "last_name": "Okafor",
            "job_title": "Shift supervisor",
            "username": "grace.okafor",
            "active": "yes",
            "recipient": "SITE-LEEDS",
        },
        {
            "employee_number": "E10007",
            "email": "amir.hussain@example.org",
            "first_name": "Amir",
            "last_name": "Hussain",
            "job_title": "Network planner",
            "username": "amir.hussain",
            "active": "no",
            "recipient": "DEPT-FACILITIES",
            "role": "Member",
            "from": "2019-04-01",
            "until": "2026-11-30",
        },
    ),
}


def example(kind: str) -> bytes:
    columns = KINDS[kind].columns.columns
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([column.title for column in columns])
    writer.writerows([row.get(column.key, "") for column in columns] for row in ROWS[kind])
    return text.getvalue().encode("utf-8-sig")
