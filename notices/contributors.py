"""Who wrote what is to be approved: read from the history, which the database writes whichever way a change came."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any, cast

from django.db import connection

from backoffice.permissions import visible
from notices.models import (
    PINNED_FIELDS,
    Approval,
    Attachment,
    Notice,
    NoticeAdditionalRecipient,
    NoticeRecipient,
    NoticeRecipientGroup,
)
from notices.querysets import NoticeQuerySet

MOST_LISTED = 200
NOBODY = 0  # stands for a change past the product, which names no person
_PARTS = (Attachment, NoticeRecipient, NoticeRecipientGroup, NoticeAdditionalRecipient)
_TEXT = ", ".join(PINNED_FIELDS)

# Numbers of history rows rise in the order of writing, and whoever writes to a notice holds its row.
# A row of the notice counts where it differs from the one before in what is pinned; a row of what belongs to it always.
_CHANGES = f"""
    SELECT id AS notice_id, history_id, history_user_id AS person_id FROM (
        SELECT id, history_id, history_user_id,
               ROW({_TEXT}) IS DISTINCT FROM lag(ROW({_TEXT})) OVER (PARTITION BY id ORDER BY history_id) AS differs
        FROM {Notice.history.model._meta.db_table} WHERE id = ANY(%(ids)s)
    ) own WHERE differs
""" + "".join(
    f" UNION ALL SELECT notice_id, history_id, history_user_id FROM {part.history.model._meta.db_table} WHERE notice_id = ANY(%(ids)s)"
    for part in _PARTS
)
_STEPS = Approval.history.model._meta.db_table
CONTRIBUTORS = f"""
    WITH change AS ({_CHANGES}),
    approved AS (
        SELECT notice_id, max(history_id) AS last FROM {_STEPS}
        WHERE notice_id = ANY(%(ids)s) AND decision = 'approved' AND history_type = '+' GROUP BY notice_id
    )
    SELECT id, created_by_id FROM notices WHERE id = ANY(%(ids)s)
    UNION SELECT notice_id, person_id FROM change WHERE history_id IN (SELECT max(history_id) FROM change GROUP BY notice_id)
    UNION SELECT c.notice_id, c.person_id FROM change c LEFT JOIN approved a USING (notice_id) WHERE c.history_id > coalesce(a.last, 0)
    UNION SELECT s.notice_id, s.by_id FROM {_STEPS} s LEFT JOIN approved a USING (notice_id)
          WHERE s.notice_id = ANY(%(ids)s) AND s.decision = 'submitted' AND s.history_type = '+' AND s.history_id > coalesce(a.last, 0)
"""


def contributors_of(notice_ids: Collection[int]) -> dict[int, set[int]]:
    """For each notice the people who may not decide on it.

    They created it, changed its text, files or audience last or since the last approval, or handed it in since then.
    """
    found: dict[int, set[int]] = defaultdict(set)
    with connection.cursor() as cursor:
        cursor.execute(CONTRIBUTORS, {"ids": list(notice_ids)})
        for notice_id, person_id in cursor.fetchall():
            found[notice_id].add(person_id or NOBODY)
    return found


def to_decide_by(person: Any) -> list[Notice]:
    """What waits for `person`, the longest first: in review, theirs to approve, and none of it their own work."""
    waiting = in_review_for(person).select_related("created_by", "category")[:MOST_LISTED]
    return without_part_of(person, list(waiting))


def in_review_for(person: Any) -> NoticeQuerySet:
    """What is theirs to approve, were it not for a part that they had in it; the longest first."""
    waiting = Notice.objects.filter(status=Notice.Status.IN_REVIEW).order_by("modified_at", "pk")
    return cast("NoticeQuerySet", visible(person, "approve", waiting))


def without_part_of(person: Any, notices: list[Notice]) -> list[Notice]:
    parts = contributors_of([notice.pk for notice in notices]) if notices else {}
    return [notice for notice in notices if person.pk not in parts[notice.pk]]


def with_submissions(notices: list[Notice]) -> list[Notice]:
    """Each gets its `submission`, the step by which it was handed in; None if that is not on record."""
    steps = Approval.objects.filter(notice__in=notices, decision=Approval.Decision.SUBMITTED).select_related("by")
    newest = {step.notice_id: step for step in steps.order_by("notice_id", "-pk").distinct("notice_id")}
    for notice in notices:
        notice.submission = newest.get(notice.pk)
    return notices


def contributed(notice: Notice, person: object) -> bool:
    return getattr(person, "pk", None) in contributors_of([notice.pk])[notice.pk]
