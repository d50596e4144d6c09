"""Steps of the tests of exports: ask for a list as a file, and read what came."""

import csv
import io
from typing import Any

from django.contrib.auth.models import Permission
from django.urls import reverse
from python_calamine import CalamineWorkbook

from tests.makers import make_person


def body_of(answer: Any) -> bytes:
    body = b"".join(answer.streaming_content)
    answer.close()
    return body


def address(name: str, *ids: int, **query: Any) -> str:
    return reverse(f"admin:export_{name}", args=ids, query=query)


def take(client: Any, name: str, *ids: int, wanted: str = "csv", **query: Any) -> Any:
    return client.post(address(name, *ids, **query), {"format": wanted})


def lines_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def rows_of(content: bytes) -> list[dict[str, str]]:
    heading, *lines = lines_of(content)
    return [dict(zip(heading, line, strict=True)) for line in lines]


def sheet_of(content: bytes) -> list[list[Any]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()


def taken(client: Any, name: str, *ids: int, **query: Any) -> list[dict[str, str]]:
    answer = take(client, name, *ids, **query)
    assert answer.status_code == 200, answer.content
    return rows_of(body_of(answer))


def staff_who_may(username: str, *codenames: str) -> Any:
    person = make_person(username, staff=True)
    person.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    assert person.user_permissions.count() == len(codenames)
    return person
