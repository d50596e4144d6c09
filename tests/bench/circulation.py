"""Notices of the made-up organisation, whom they address, and who read them."""

import time

from django.apps import apps

from notices.services import AudienceKeyService
from recipients.audience import KEYS_OF_PERSON
from tests.bench.organisation import SPARSE
from tests.bench.seeding import OFFSET, Scale, count, execute, insert, one_of, rank

WORDS = (
    "the of and to a in is on for from at with by this please be will are your all not must may staff site team work day week new "
    "time form manager report safety area before after check keep open closed room office plan change lift door fire alarm drill "
    "parking canteen holiday training course payroll pension expenses laptop password system update outage weekend maintenance "
    "vehicle hoist sling ward clinic rota cover shift handover incident policy procedure review audit survey winter summer heating "
    "water supplier contract invoice delivery warehouse forklift helmet gloves hearing vibration noise asbestos ladder scaffold"
)


def notices(scale: Scale) -> None:
    """Four years of notices, the oldest first: 82 % published, half of those with an end."""
    categories = apps.get_model("notices.Category")
    insert(categories, "generate_series(1, 8) g", id=f"{OFFSET} + g", name="'Category ' || g")
    execute(
        f"""
        CREATE TEMP TABLE paragraph AS
        SELECT p, '<p>' || string_agg({one_of(WORDS, 2)}, ' ') || '.</p>' AS body
        FROM generate_series(0, 1999) p, generate_series(1, 60) w GROUP BY p
        """
    )
    made = f"now() - interval '4 years' + interval '4 years' * (g::float8 / {scale.people})"
    status = """CASE WHEN g % 100 < 82 THEN 'published' WHEN g % 100 < 90 THEN 'draft' WHEN g % 100 < 92 THEN 'in_review'
                     WHEN g % 100 < 94 THEN 'scheduled' ELSE 'withdrawn' END"""
    rows = f"""
        (SELECT g, {made} AS made, {status} AS status, random() AS r, {rank(2000)} AS p1, {rank(2000)} AS p2, {rank(4000)} AS p3
         FROM generate_series(1, {scale.people}) g) n
        CROSS JOIN LATERAL (SELECT least(made + r * interval '2 days', now()) AS shown) s
        JOIN paragraph a ON a.p = p1 JOIN paragraph b ON b.p = p2 LEFT JOIN paragraph c ON c.p = p3
        ORDER BY g
    """
    insert(
        apps.get_model("notices.Notice"),
        rows,
        id=f"{OFFSET} + g",
        title=f"initcap({one_of(WORDS, 2)} || ' ' || {one_of(WORDS)} || ' ' || {one_of(WORDS)}) || ' ' || g",
        content="a.body || b.body || coalesce(c.body, '')",
        category_id=f"CASE WHEN r < 0.9 THEN {OFFSET} + 1 + {rank(8, 2)} END",
        status="status",
        created_at="made",
        modified_at="shown",
        created_by_id=f"{OFFSET} + 1 + {rank(50, 2)}",
        modified_by_id=f"{OFFSET} + 1 + {rank(50, 2)}",
        published_at="CASE WHEN status = 'published' THEN shown END",
        publish_at="CASE WHEN status = 'scheduled' THEN now() + interval '1 year' END",
        withdrawn_at="CASE WHEN status = 'withdrawn' THEN shown END",
        start_date="shown::date",
        end_date="CASE WHEN random() < 0.5 THEN shown::date + 14 + (random() * 120)::int END",
        requires_acknowledgement="r < 0.2",
        is_deleted="status = 'draft' AND r < 0.2",
        deleted_at="CASE WHEN status = 'draft' AND r < 0.2 THEN now() END",
    )


def audiences(scale: Scale) -> None:
    """1 % to all staff; of the rest, 6 in 10 to entities, 3 to groups, 1 to single people; big ones more often."""
    notices = f"generate_series(1, {scale.people}) g"
    insert(
        apps.get_model("notices.NoticeRecipient"), f"{notices} WHERE g % 100 = 0", notice_id=f"{OFFSET} + g", recipient_id=f"{OFFSET} + 1"
    )
    for model, column, share, address in (
        ("NoticeRecipient", "recipient_id", "g % 10 <= 5 AND g % 100 <> 0", f"2 + {rank(scale.recipients - 1, 2)}"),
        ("NoticeRecipientGroup", "recipient_group_id", "g % 10 BETWEEN 6 AND 8", f"2 + {rank(scale.groups - 1, 2)}"),
        ("NoticeAdditionalRecipient", "user_id", "g % 10 = 9", f"1 + {rank(scale.people)}"),
    ):
        insert(
            apps.get_model(f"notices.{model}"),
            f"{notices}, generate_series(1, 3) k WHERE {share} AND (k = 1 OR random() < 0.3)",
            conflict="ON CONFLICT DO NOTHING",
            notice_id=f"{OFFSET} + g",
            **{column: f"{OFFSET} + {address}"},
        )
    AudienceKeyService.rebuild()
    execute("ANALYZE")


# -- Readings -------------------------------------------------------------------------------------
def readings(scale: Scale) -> None:
    """Ten per person on average, a few people many, as many of notices to all staff as of the others; in order of time."""
    execute("CREATE TEMP TABLE reading (user_id bigint, notice_id bigint, PRIMARY KEY (user_id, notice_id))")
    execute(
        """
        CREATE TEMP TABLE sent_to AS
        SELECT nr.recipient_id, row_number() OVER (PARTITION BY nr.recipient_id ORDER BY n.id) AS number, n.id AS notice_id
        FROM notices_noticerecipient nr JOIN notices n ON n.id = nr.notice_id AND n.status = 'published'
        """
    )
    execute("CREATE TEMP TABLE sent_count AS SELECT recipient_id, count(*) AS notices FROM sent_to GROUP BY recipient_id")
    _read_everything()
    for _ in range(40):
        missing = scale.acknowledgements - count("reading")
        if missing <= 0:
            break
        _read_some(scale, missing)
    _write_readings()


def _read_everything() -> None:
    archivists = apps.get_model("recipients.User").objects.filter(job_title="Archivist")
    for person in archivists:
        execute(
            f"""INSERT INTO reading SELECT DISTINCT %(user)s::bigint, a.notice_id
                FROM ({KEYS_OF_PERSON}) k JOIN notices_audiencekey a USING (key)""",
            {"user": person.pk, "day": time.strftime("%Y-%m-%d")},
        )


def _read_some(scale: Scale, missing: int) -> None:
    number = "1 + floor(notices * sqrt(random()))::bigint AS number"  # the newer, the likelier
    execute(
        f"""
        INSERT INTO reading
        SELECT DISTINCT user_id, notice_id
        FROM (
            SELECT {OFFSET} + g AS user_id, recipient_id, {number}
            FROM (SELECT 1 + {rank(scale.people, 2)} AS g FROM generate_series(1, {missing})) p, sent_count
            WHERE recipient_id = {OFFSET} + 1 AND NOT {SPARSE} AND random() < 0.55
            UNION ALL
            SELECT ra.user_id, recipient_id, {number}
            FROM recipients_roleassignment ra JOIN sent_count USING (recipient_id)
            WHERE random() < {missing / (scale.people * 4)}
        ) picked JOIN sent_to USING (recipient_id, number)
        LIMIT {missing}
        ON CONFLICT DO NOTHING
        """
    )


def _write_readings() -> None:
    insert(
        apps.get_model("notices.ReadAcknowledgment"),
        """(SELECT r.user_id, r.notice_id, n.requires_acknowledgement AND random() < 0.7 AS confirmed,
                   least(n.published_at + power(random(), 3) * interval '30 days', now()) AS at
            FROM reading r JOIN notices n ON n.id = r.notice_id ORDER BY at) s""",
        user_id="user_id",
        notice_id="notice_id",
        revision="1",
        read_at="at",
        acknowledged_at="CASE WHEN confirmed THEN at END",
        content_sha256="CASE WHEN confirmed THEN repeat('a', 64) ELSE '' END",
    )
    insert(
        apps.get_model("notices.Favourite"), "reading WHERE random() < 0.03", user_id="user_id", notice_id="notice_id", created_at="now()"
    )
