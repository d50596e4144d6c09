"""People, entities, role assignments and groups of the made-up organisation."""

from django.apps import apps

from tests.bench.seeding import OFFSET, Scale, count, insert, one_of, rank

ADMIN = "bench.admin"
FIRST = "Ada Ben Cleo Dan Eve Finn Gwen Hal Ida Jon Kim Leo Mia Ned Ola Pam Quin Ros Sam Tia Una Vic Wen Yan Zoe Amir Bea Cai Dee Eli"
SYLLABLES = "Al Bar Cal Dun Ed Fen Gar Hol Ing Ker Lan Mor Nor Orm Pen Rus Sal Ton Und Wes"
ENDS = "by combe dale field ford ham ley mond ridge ston ton wick worth well son man"
SPARSE, COORDINATOR, ARCHIVIST = "g % 200 = 7", "g % ({n} / 10) = 3", "g % ({n} / 10) = 5"


def people(scale: Scale) -> None:
    kind = (
        f"CASE WHEN {SPARSE} THEN 'Contractor' WHEN {COORDINATOR} THEN 'Coordinator' WHEN {ARCHIVIST} THEN 'Archivist' ELSE 'Colleague' END"
    )
    insert(
        apps.get_model("recipients.User"),
        f"generate_series(1, {scale.people}) g",
        id=f"{OFFSET} + g",
        username="'p' || lpad(g::text, 6, '0')",
        password="'!'",
        first_name=one_of(FIRST),
        last_name=f"{one_of(SYLLABLES)} || lower({one_of(SYLLABLES)}) || {one_of(ENDS)}",
        email="CASE WHEN g % 33 = 12 THEN '' ELSE 'p' || lpad(g::text, 6, '0') || '@example.org' END",
        employee_number="'E' || lpad(g::text, 6, '0')",
        job_title=kind.format(n=scale.people),
        is_active="g % 25 <> 11",
    )
    apps.get_model("recipients.User").objects.create_superuser(ADMIN, "bench.admin@example.org")


def organisation(scale: Scale) -> None:
    """Entity 1 is all staff; then sites (2 %), departments (8 %), and roles and teams."""
    sites, departments = scale.recipients // 50, scale.recipients // 12
    teams = scale.recipients - 1 - sites - departments
    kind = f"""CASE WHEN g <= 1 + {sites} THEN 'site' WHEN g <= 1 + {sites + departments} THEN 'department'
                    WHEN g % 8 = 0 THEN 'role' ELSE 'team' END"""
    insert(
        apps.get_model("recipients.Recipient"),
        f"generate_series(1, {scale.recipients}) g",
        id=f"{OFFSET} + g",
        code="'R' || lpad(g::text, 5, '0')",
        name="CASE g WHEN 1 THEN 'All staff' ELSE 'Unit ' || g END",
        kind=kind,
        is_active="g = 1 OR g % 100 <> 99",
    )
    people = f"generate_series(1, {scale.people}) g"
    assigned = f"{people} WHERE NOT {SPARSE}"
    _assign(assigned, "1")
    _assign(assigned, f"2 + {rank(sites, 3)}")
    _assign(assigned, f"{2 + sites} + {rank(departments, 3)}")
    _assign(assigned, f"{2 + sites + departments} + {rank(teams, 2)}", ends_on="CASE WHEN random() < 0.05 THEN current_date - 30 END")
    _assign(f"{people} WHERE {SPARSE}", f"{scale.recipients} - {rank(teams // 5)}")


def _assign(people: str, unit: str, ends_on: str = "NULL::date") -> None:
    insert(
        apps.get_model("recipients.RoleAssignment"),
        people,
        user_id=f"{OFFSET} + g",
        recipient_id=f"{OFFSET} + {unit}",
        role="'Member'",
        starts_on="current_date - 365 - (random() * 2000)::int",
        ends_on=ends_on,
    )


def groups(scale: Scale) -> None:
    """Group 1 holds all staff; the others one to four entities and a heavy tail of single people."""
    insert(
        apps.get_model("recipients.RecipientGroup"),
        f"generate_series(1, {scale.groups}) g",
        id=f"{OFFSET} + g",
        code="'G' || lpad(g::text, 5, '0')",
        name="CASE g WHEN 1 THEN 'Everyone' ELSE 'Group ' || g END",
        is_deleted="g % 100 = 99",
        deleted_at="CASE WHEN g % 100 = 99 THEN now() END",
    )
    links = apps.get_model("recipients.RecipientGroupRecipient")
    insert(links, "(SELECT)", recipient_group_id=f"{OFFSET} + 1", recipient_id=f"{OFFSET} + 1")
    insert(
        links,
        f"generate_series(2, {scale.groups}) g, generate_series(1, 4) k WHERE k = 1 OR random() < 0.5",
        conflict="ON CONFLICT DO NOTHING",
        recipient_group_id=f"{OFFSET} + g",
        recipient_id=f"{OFFSET} + 2 + {rank(scale.recipients - 1)}",
    )
    members = apps.get_model("recipients.RecipientGroupAdditionalRecipient")
    coordinators = COORDINATOR.format(n=scale.people)
    insert(
        members,
        f"generate_series(1, {scale.people}) g, generate_series(1, 50) k WHERE {coordinators}",
        recipient_group_id=f"{OFFSET} + 2 + (k * {scale.groups // 51} + g) % {scale.groups - 1}",
        user_id=f"{OFFSET} + g",
    )
    while (missing := scale.memberships - count("recipients_roleassignment") - count(members._meta.db_table)) > 0:
        insert(
            members,
            f"(SELECT 1 + {rank(scale.people)} AS g FROM generate_series(1, {missing})) p WHERE NOT {SPARSE}",
            conflict="ON CONFLICT DO NOTHING",
            recipient_group_id=f"{OFFSET} + 2 + {rank(scale.groups - 1, 2)}",
            user_id=f"{OFFSET} + g",
        )
