"""The list of notices in the back office, at 200,000 rows and at 1,000,000 (a copy of the database with drafts added).

Milliseconds for the whole request through Django's test client. `list.notices` compares the larger list with the
smaller (1.2 x), `.stock` the smaller with Django's own admin on the same rows (2 x), `.queries` counts statements (5).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.db import connection
from django.test import Client, override_settings
from django.urls import reverse

from recipients.models import User
from tests.bench import server
from tests.bench.organisation import ADMIN
from tests.bench.report import Figure, MeasurementError
from tests.bench.seeding import OFFSET, SCALES, insert
from tests.bench.timing import in_turns, on_database, seconds, statements

ROWS = 1_000_000
MOST_QUERIES = 5
ROUNDS, PAGES = 6, 5
COPY = "bench_million"
STOCK_TEMPLATES = settings.TEMPLATES[0] | {"NAME": "stock", "DIRS": [Path(admin.__file__).parent / "templates"]}
SETTINGS = {
    "TEMPLATES": [*settings.TEMPLATES, STOCK_TEMPLATES],
    "ROOT_URLCONF": "tests.bench.urls",
    "ALLOWED_HOSTS": ["testserver"],
    "STORAGES": {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}},
}


def benches(scale: str) -> dict[str, Callable[[], list[Figure]]]:
    return {"list.notices": _measure} if scale == "L" else {}


def _measure() -> list[Figure]:
    with override_settings(**SETTINGS):
        client = Client()
        client.force_login(User.objects.get(username=ADMIN))
        ours, stock = (_page(client, reverse(f"{site}:notices_notice_changelist")) for site in ("admin", "stock"))
        plain, value = in_turns(stock, ours, rounds=15)
        queries = len(statements(ours))
        with _a_million():
            small, large = _compare(ours)
    return [
        Figure("list.notices", large * 1000, "ms", small * 1000, 1.2),
        Figure("list.notices.stock", value * 1000, "ms", plain * 1000, 2),
        Figure("list.notices.queries", queries, "queries", MOST_QUERIES, 1),
    ]


def _page(client: Client, address: str) -> Callable[[], None]:
    def get() -> None:
        response = client.get(address)
        if response.status_code != 200 or response.content.count(b'name="_selected_action"') != 25:
            raise MeasurementError(f"{address} does not show 25 notices (status {response.status_code})")

    return get


def _compare(page: Callable[[], None]) -> tuple[float, float]:
    """Median seconds of the page here and on the copy, a few pages of each in turns."""
    small, large = [], []
    for _ in range(ROUNDS):
        page()
        small += [seconds(page) for _ in range(PAGES)]
        with on_database(COPY):
            page()
            large += [seconds(page) for _ in range(PAGES)]
    return median(small), median(large)


@contextmanager
def _a_million() -> Iterator[None]:
    """A copy of this database with as many cheap drafts more as make a million notices; dropped afterwards."""
    here = connection.settings_dict["NAME"]
    connection.close()
    server.create(COPY, anew=True, template=here)
    try:
        with on_database(COPY):
            _add_drafts(ROWS - SCALES["L"].people)
        yield
    finally:
        connection.close()
        server.drop(COPY)


def _add_drafts(count: int) -> None:
    insert(
        apps.get_model("notices.Notice"),
        f"generate_series(1, {count}) g",
        title="'Draft ' || g",
        content="'<p>Nothing yet.</p>'",
        status="'draft'",
        start_date="current_date",
        created_by_id=f"{OFFSET} + 1 + g % 50",
        category_id=f"{OFFSET} + 1 + g % 8",
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) notices")
        cursor.execute("CHECKPOINT")  # else it is written to the disk during the measurement
