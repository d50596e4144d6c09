"""Who wrote what is to be approved: read from the history, which the database writes whichever way a change came."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any, cast

from django.db import connection
from django.db.models import F, Q

from backoffice.permissions import visible
from notices.models import (
    PINNED_FIELDS,
    AmendedFile,
    Amendment,
    Approval,
    Attachment,
    Notice,
    NoticeAdditionalRecipient,
    NoticeRecipient,
    NoticeRecipientGroup,
)
from notices.querysets import NoticeQuerySet
from recipients.audience import IsOneOf, raw_ids

NOBODY = 0  # stands for a change past the product, which names no person
_PARTS = (Attachment, NoticeRecipient, NoticeRecipientGroup, NoticeAdditionalRecipient)
_TEXT = ", ".join(PINNED_FIELDS)

_ASKED = "ANY((SELECT ids FROM asked)::bigint[])"

_AMENDMENTS = Amendment.history.model._meta.db_table

# Numbers of history rows rise in the order of writing, and whoever writes to a notice holds its row.
# A row of the notice counts where it differs from the one before in what is pinned; a row of what belongs to it always.
# What a second person let through is the work of whoever had written it, not theirs.
_CHANGES = (
    f"""
    SELECT c.notice_id, c.history_id, coalesce(a.by_id, c.person_id) AS person_id FROM (
        SELECT id AS notice_id, history_id, history_stamp, history_user_id AS person_id FROM (
            SELECT id, history_id, history_stamp, history_user_id,
                   ROW({_TEXT}) IS DISTINCT FROM lag(ROW({_TEXT})) OVER (PARTITION BY id ORDER BY history_id) AS differs
            FROM {Notice.history.model._meta.db_table} WHERE id = {_ASKED}
        ) own WHERE differs
"""
    + "".join(
        f" UNION ALL SELECT notice_id, history_id, history_stamp, history_user_id FROM {part.history.model._meta.db_table}"
        f" WHERE notice_id = {_ASKED}"
        for part in _PARTS
    )
    + f"""
    ) c LEFT JOIN {_AMENDMENTS} a ON a.notice_id = c.notice_id AND a.history_stamp = c.history_stamp AND a.state = 'applied'
"""
)
_STEPS = Approval.history.model._meta.db_table
# Follows “WITH asked AS (…ids…),”, the array of the notices asked for.
CONTRIBUTOR = f"""
    change AS ({_CHANGES}),
    approved AS (
        SELECT notice_id, max(history_id) AS last FROM {_STEPS}
        WHERE notice_id = {_ASKED} AND decision = 'approved' AND history_type = '+' GROUP BY notice_id
    ),
    contributor (notice_id, person_id) AS (
        SELECT id, created_by_id FROM notices WHERE id = {_ASKED}
        UNION SELECT notice_id, person_id FROM change WHERE history_id IN (SELECT max(history_id) FROM change GROUP BY notice_id)
        UNION SELECT c.notice_id, c.person_id FROM change c LEFT JOIN approved a USING (notice_id) WHERE c.history_id > coalesce(a.last, 0)
        UNION SELECT s.notice_id, s.by_id FROM {_STEPS} s LEFT JOIN approved a USING (notice_id)
              WHERE s.notice_id = {_ASKED} AND s.decision = 'submitted' AND s.history_type = '+' AND s.history_id > coalesce(a.last, 0)
    )
"""
CONTRIBUTORS = f"WITH asked AS (SELECT %(ids)s AS ids), {CONTRIBUTOR} SELECT notice_id, person_id FROM contributor"
OWN_IN_REVIEW = f"""
    WITH asked AS MATERIALIZED (SELECT ARRAY(SELECT id FROM notices WHERE status = 'in_review') AS ids), {CONTRIBUTOR}
    SELECT notice_id FROM contributor WHERE person_id = %(person)s
"""

_OF_A_CHANGE = ", ".join((*Amendment.TEXT, "kind", "reason"))
WROTE_A_CHANGE = f"""
    SELECT id, history_user_id FROM (
        SELECT id, history_user_id, state,
               ROW({_OF_A_CHANGE}) IS DISTINCT FROM lag(ROW({_OF_A_CHANGE})) OVER (PARTITION BY id ORDER BY history_id) AS differs
        FROM {_AMENDMENTS} WHERE id = ANY(%(changes)s)
    ) own WHERE differs OR state = 'waiting'
    UNION SELECT amendment_id, history_user_id FROM {AmendedFile.history.model._meta.db_table} WHERE amendment_id = ANY(%(changes)s)
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


def to_decide_by(person: Any) -> NoticeQuerySet:
    """What waits for `person`, the longest first: in review, theirs to approve, and none of it their own work."""
    in_review = Notice.objects.filter(status=Notice.Status.IN_REVIEW)
    own = raw_ids(OWN_IN_REVIEW, {"person": person.pk})
    theirs = visible(person, "approve", in_review.filter(~Q(IsOneOf(F("pk"), own))))
    return cast("NoticeQuerySet", theirs.order_by("modified_at", "pk"))


def with_submissions(notices: list[Notice]) -> list[Notice]:
    """Each gets its `submission`, the step by which it was handed in; None if that is not on record."""
    steps = Approval.objects.filter(notice__in=notices, decision=Approval.Decision.SUBMITTED).select_related("by")
    newest = {step.notice_id: step for step in steps.order_by("notice_id", "-pk").distinct("notice_id")}
    for notice in notices:
        notice.submission = newest.get(notice.pk)
    return notices


def contributors_of_changes(changes: Collection[Amendment]) -> dict[int, set[int]]:
    """For each change the people who may not decide on it.

    They wrote it or handed it in, or had a part in the notice as it is on show.
    """
    of_notices = contributors_of({change.notice_id for change in changes})
    found = {change.pk: set(of_notices[change.notice_id]) for change in changes}
    with connection.cursor() as cursor:
        cursor.execute(WROTE_A_CHANGE, {"changes": list(found)})
        for change_id, person_id in cursor.fetchall():
            found[change_id].add(person_id or NOBODY)
    return found


def contributors_of_change(change: Amendment) -> set[int]:
    return contributors_of_changes([change])[change.pk]


def changes_to_decide_by(person: Any) -> list[Amendment]:
    """The changes of what is on show that wait for `person`, the longest first: theirs to approve, and none of it their own work."""
    theirs = visible(person, "approve", Notice.objects.filter(status=Notice.Status.PUBLISHED))
    waiting = Amendment.objects.filter(state=Amendment.State.WAITING, notice__in=theirs).select_related("notice", "by").order_by("pk")
    had_a_part = contributors_of_changes(waiting)
    return [change for change in waiting if person.pk not in had_a_part[change.pk]]


def contributed(notice: Notice, person: object) -> bool:
    return getattr(person, "pk", None) in contributors_of([notice.pk])[notice.pk]
