"""What asking who may do what costs: the list of an author who may see 1 in 200 of the notices, by grants on each of them.

`.sql` is what the list asks the database against the same written by hand (3 x), `.page` the whole page against that of a
superuser, who sees everything (2 x), `.rows` the queries for three verbs on a page of a hundred rows against those for
one row, `.today` the queries from the sign-in form to the Today page (10), for the same author with nothing kept.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client, override_settings
from django.urls import reverse

from backoffice.permissions import ask_together, may
from notices.models import Notice, NoticeUserPermission
from recipients.models import User
from tests.bench.listing import SETTINGS
from tests.bench.organisation import ADMIN
from tests.bench.report import Figure, MeasurementError
from tests.bench.seeding import SCALES, execute
from tests.bench.timing import in_turns, statements

ONE_IN = 200
ROWS = 100
MOST_QUERIES = 10
VERBS = ("view", "change", "publish")
PASSWORD = "correct horse battery staple"  # noqa: S105 - of an account that is rolled back

COLUMNS = (
    "id created_at modified_at created_by_id modified_by_id is_deleted deleted_at deleted_by_id is_published published_at "
    "title category_id status start_date end_date requires_acknowledgement due_date publish_at revision version withdrawn_at "
    "status_reason department_id"
)
ALLOWED = "SELECT content_object_id FROM notices_noticeuserpermission WHERE user_id = %(user)s AND permission_id = ANY(%(rights)s)"
BY_HAND = (
    f"SELECT count(*) FROM (SELECT 1 FROM notices WHERE NOT is_deleted AND id IN ({ALLOWED}) LIMIT 10000) capped",
    f"""SELECT {", ".join(f"n.{column}" for column in COLUMNS.split())}, c.*, u.*
        FROM notices n LEFT JOIN notices_category c ON c.id = n.category_id LEFT JOIN recipients_user u ON u.id = n.created_by_id
        WHERE NOT n.is_deleted AND n.id IN ({ALLOWED}) ORDER BY n.id DESC LIMIT 25""",
)


def benches(scale: str) -> dict[str, Callable[[], list[Figure]]]:
    return {"permissions": lambda: _measure(scale)}


def _measure(scale: str) -> list[Figure]:
    with override_settings(**SETTINGS), _author(max(SCALES[scale].people // ONE_IN, 2 * ROWS)) as author:
        everything, own = (_page(person) for person in (User.objects.get(username=ADMIN), author))
        superusers, authors = in_turns(everything, own, rounds=15)
        rights = Permission.objects.filter(
            codename__in=("view_notice", "change_notice", "delete_notice", "restore_notice", "export_notice")
        )
        parameters = {"user": author.pk, "rights": list(rights.values_list("pk", flat=True))}
        asked = [(sql, params) for sql, params in statements(own) if '"notices"' in sql and "content_object_id" in sql]
        by_hand, ours = in_turns(_run([(sql, parameters) for sql in BY_HAND]), _run(asked), rounds=25)
        one, many = (_questions(author, count) for count in (1, ROWS))
        today = sum("SAVEPOINT" not in sql for sql, _parameters in statements(_today(author)))
    return [
        Figure("permissions.sql", ours * 1000, "ms", by_hand * 1000, 3),
        Figure("permissions.page", authors * 1000, "ms", superusers * 1000, 2),
        Figure("permissions.rows", many, "queries", one, 1),
        Figure("permissions.today", today, "queries", MOST_QUERIES, 1),
    ]


@contextmanager
def _author(count: int) -> Iterator[User]:
    """Someone with what creators are granted, on `count` notices spread over all of them; undone afterwards."""
    with transaction.atomic():
        author = User.objects.create(username="bench.author", is_staff=True)
        names = ", ".join(f"'{verb}_notice'" for verb in Notice.creator_may)
        table = NoticeUserPermission._meta.db_table
        granted = execute(
            f"""INSERT INTO {table} (user_id, permission_id, content_object_id)
                SELECT %(author)s, p.id, n.id FROM auth_permission p, (
                    SELECT id FROM notices WHERE NOT is_deleted ORDER BY id %% 97, id LIMIT %(count)s) n
                WHERE p.codename IN ({names})""",
            {"author": author.pk, "count": count},
        )
        if granted != count * len(Notice.creator_may):
            raise MeasurementError(f"{granted} rights were granted on {count} notices")
        execute(f"ANALYZE {table}")
        yield author
        transaction.set_rollback(True)


def _page(person: User) -> Callable[[], None]:
    client = Client()
    client.force_login(person)

    def get() -> None:
        response = client.get(reverse("admin:notices_notice_changelist"))
        if response.status_code != 200 or response.content.count(b'class="field-title') + response.content.count(b"/change/") < 25:
            raise MeasurementError(f"The list of {person} does not show 25 notices (status {response.status_code})")

    return get


def _today(person: User) -> Callable[[], None]:
    person.set_password(PASSWORD)
    person.save()
    cache.clear()

    def sign_in() -> None:
        response = Client().post(reverse("login"), {"username": person.username, "password": PASSWORD}, follow=True)
        if response.request["PATH_INFO"] != reverse("admin:index") or response.status_code != 200:
            raise MeasurementError(f"Signing in led to {response.request['PATH_INFO']} (status {response.status_code})")

    return sign_in


def _run(queries: list[tuple[str, Any]]) -> Callable[[], None]:
    def run() -> None:
        with connection.cursor() as cursor:
            for sql, parameters in queries:
                cursor.execute(sql, parameters)
                cursor.fetchall()

    return run


def _questions(author: User, count: int) -> int:
    """How many queries a page of `count` notices costs on which each of `VERBS` is asked."""
    notices = list(Notice.objects.order_by("-pk")[:count])
    person = User.objects.get(pk=author.pk)

    def ask() -> None:
        ask_together(person, notices)
        for notice in notices:
            for verb in VERBS:
                may(person, verb, notice)

    return len(statements(ask))
