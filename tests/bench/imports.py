"""A spreadsheet of group memberships: read, checked, planned, and carried out with its history.

The limit is a plain COPY of the finished rows and of their history rows into the same tables, with all constraints and
indexes, and without our triggers. S has 100,000 rows, M 300,000, L 1,000,000. `.memory` is what this process grows by.
"""

import csv
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.core.files import File
from django.db import transaction
from django.test.utils import override_settings
from import_export import resources
from import_export.fields import Field
from import_export.widgets import ForeignKeyWidget
from tablib import Dataset

from recipients.events import import_work_asked
from recipients.imports.memberships import COLUMNS, MembershipCheck
from recipients.imports.tables import open_table
from recipients.models import Import, RecipientGroup, RecipientGroupAdditionalRecipient, User
from recipients.services import ImportService
from tests.bench.report import Figure, MeasurementError
from tests.bench.seeding import execute
from tests.bench.timing import bare_connection, forget_peak, in_turns, middle, resident, seconds

ROWS = {"S": 100_000, "M": 300_000, "L": 1_000_000}
STOCK_ROWS = 10_000
MOST_PEOPLE = 20_000  # in a group
ROUNDS = 3
LINKS, HISTORY = "recipients_recipientgroupadditionalrecipient", "recipients_historicalrecipientgroupadditionalrecipient"
PREFIX = "bench-import-"
MOST_MEMORY = 100  # MB
BEYOND = 10**12  # added to the ids of rows that are copied once more


def benches(scale: str) -> dict[str, Callable[[], list[Figure]]]:
    rows = ROWS[scale]
    return {
        "import.parse": lambda: _with_file(rows, _parse),
        "import.memberships": lambda: _with_file(rows, _memberships),
        "import.stock": lambda: _with_file(STOCK_ROWS, _stock),
    }


def _with_file(rows: int, measure: Callable[[Path], list[Figure]]) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, override_settings(MEDIA_ROOT=folder), _no_worker():
        try:
            _forget()  # what a run that was killed left behind
            _drop_groups()
            return measure(_write(rows, Path(folder) / "members.csv"))
        finally:
            _forget()
            _drop_groups()


@contextmanager
def _no_worker() -> Iterator[None]:
    """The work is done here, where it is timed."""
    receivers, import_work_asked.receivers = import_work_asked.receivers, []
    import_work_asked.sender_receivers_cache.clear()
    try:
        yield
    finally:
        import_work_asked.receivers = receivers


def _write(rows: int, path: Path) -> Path:
    people = list(User.objects.active().with_address().order_by("pk").values_list("email", flat=True)[:MOST_PEOPLE])
    groups = [f"{PREFIX}{number:05}" for number in range(-(-rows // len(people)))]
    RecipientGroup.objects.bulk_create([RecipientGroup(code=code, name=f"Group {code}") for code in groups])
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Group code", "E-mail"])
        pairs = ((group, email) for group in groups for email in people)
        writer.writerows(pair for pair, _number in zip(pairs, range(rows), strict=False))
    return path


def _parse(path: Path) -> list[Figure]:
    def check() -> None:
        for _checked in MembershipCheck(open_table(path, COLUMNS), across_rows=False).batches():
            pass

    def read() -> None:
        with path.open(encoding="utf-8", newline="") as file:
            for _row in csv.reader(file):
                pass

    limit, value = in_turns(read, check, rounds=5)
    return [Figure("import.parse", value, "s", limit, 3)]


def _memberships(path: Path) -> list[Figure]:
    firsts, limits = [], []
    before = resident()
    forget_peak()
    _import(path)
    grown = resident(peak=True) - before
    for _round in range(ROUNDS):
        limits.append(_copy())
        _forget()
        firsts.append(seconds(lambda: _import(path)))
    first = middle(firsts)
    again = seconds(lambda: _import(path, writes=False))
    replaced = seconds(lambda: _import(_slightly_changed(path), mode=Import.Mode.REPLACE))
    return [
        Figure("import.memberships", first, "s", middle(limits), 1.4),
        Figure("import.memberships.memory", grown, "MB", MOST_MEMORY, 1),
        Figure("import.memberships.again", again, "s", first, 0.5),
        Figure("import.memberships.replace", replaced, "s", first, 1),
    ]


def _import(path: Path, *, mode: str = Import.Mode.ADD, writes: bool = True) -> Import:
    actor = User.objects.filter(is_superuser=True, is_active=True).first()
    with path.open("rb") as content:
        batch = ImportService.upload(File(content, name=path.name), kind=Import.Kind.MEMBERSHIPS, mode=mode, actor=actor)
    ImportService.read(batch.pk)
    batch.refresh_from_db()
    if batch.state != Import.State.CHECKED or batch.summary["wrong_rows"]:
        raise MeasurementError(f"The file is not right: {batch.problem} {batch.summary}")
    if writes:
        ImportService.confirm(batch.pk, reading=batch.readings, typed=str(batch.summary["removed"]), actor=actor)
        ImportService.apply(batch.pk)
        batch.refresh_from_db()
    if writes != (batch.state == Import.State.DONE):
        raise MeasurementError(f"It was not carried out: {batch.state} {batch.problem}")
    return batch


def _slightly_changed(path: Path) -> Path:
    """Every hundredth row left out: as many members are removed."""
    changed = path.with_name("changed.csv")
    with path.open(encoding="utf-8") as old, changed.open("w", encoding="utf-8") as new:
        new.writelines(line for number, line in enumerate(old) if number == 0 or number % 100)
    return changed


def _copy() -> float:
    """Seconds for the rows that are there now, once more: the links and their history, checked as at any commit."""
    with tempfile.TemporaryDirectory() as folder, bare_connection() as bare:
        tables = [(table, *_saved(bare, table, Path(folder) / table)) for table in (LINKS, HISTORY)]
        with bare.transaction(force_rollback=True):
            for table in (LINKS, HISTORY):
                bare.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            bare.execute(f"DELETE FROM {LINKS} WHERE recipient_group_id IN ({_groups_sql()})")
            bare.execute("SET CONSTRAINTS ALL IMMEDIATE")
            bare.execute("SET CONSTRAINTS ALL DEFERRED")

            def copy() -> None:
                for table, columns, path in tables:
                    _load(bare, f"COPY {table} ({columns}) FROM STDIN", path)
                bare.execute("SET CONSTRAINTS ALL IMMEDIATE")

            taken = seconds(copy)
    _vacuum()
    return taken


def _saved(bare: psycopg.Connection, table: str, path: Path) -> tuple[str, Path]:
    """The rows of the last import in a file, under ids that are free."""
    model = RecipientGroupAdditionalRecipient if table == LINKS else RecipientGroupAdditionalRecipient.history.model
    names = [field.column for field in model._meta.concrete_fields]
    shifted = [f"{name} + {BEYOND}" if name == model._meta.pk.column else name for name in names]
    newest = "" if table == LINKS else " AND history_type = '+'"
    sql = f"SELECT {', '.join(shifted)} FROM {table} WHERE recipient_group_id IN ({_groups_sql()}){newest} ORDER BY {model._meta.pk.column}"
    with path.open("wb") as file, bare.cursor() as cursor, cursor.copy(f"COPY ({sql}) TO STDOUT") as copy:
        file.writelines(copy)
    return ", ".join(names), path


def _load(bare: psycopg.Connection, statement: str, path: Path) -> None:
    with path.open("rb") as file, bare.cursor() as cursor, cursor.copy(statement) as copy:
        while chunk := file.read(256 * 1024):
            copy.write(chunk)


def _groups_sql() -> str:
    return f"SELECT id FROM recipients_recipientgroup WHERE code LIKE '{PREFIX}%'"


def _forget() -> None:
    """The links and what was written about them, as if they had never been."""
    with bare_connection() as bare, bare.transaction():
        for table in (LINKS, HISTORY):
            bare.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            bare.execute(f"DELETE FROM {table} WHERE recipient_group_id IN ({_groups_sql()})")
            bare.execute("SET CONSTRAINTS ALL IMMEDIATE")
            bare.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    _vacuum()


def _vacuum() -> None:
    for table in (LINKS, HISTORY, "recipients_importrow"):
        execute(f"VACUUM ANALYZE {table}")


def _drop_groups() -> None:
    RecipientGroup.all_objects.filter(code__startswith=PREFIX).hard_delete()


class StockResource(resources.ModelResource):
    """What django-import-export does with the same rows, as fast as its options make it; without any history of its own.

    It finds people by username: by e-mail, which is compared without case, it would read the whole table for each row.
    """

    group = Field("recipient_group", "Group code", ForeignKeyWidget(RecipientGroup, "code"))
    person = Field("user", "Username", ForeignKeyWidget(User, "username"))

    class Meta:
        model = RecipientGroupAdditionalRecipient
        fields = ("group", "person")
        import_id_fields = ("group", "person")
        use_bulk = True
        batch_size = 1000
        skip_diff = True


def _stock(path: Path) -> list[Figure]:
    by_email = dict(User.objects.active().with_address().values_list("email", "username"))
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(group, by_email[email]) for group, email in list(csv.reader(file))[1:]]

    def stock() -> None:
        with transaction.atomic():
            result = StockResource().import_data(Dataset(*rows, headers=["Group code", "Username"]), raise_errors=True)
            if result.totals["new"] != STOCK_ROWS:
                raise MeasurementError(f"import-export took {result.totals}")
            transaction.set_rollback(True)

    theirs = seconds(stock)
    _vacuum()
    ours: list[float] = []
    for _round in range(ROUNDS):
        ours.append(seconds(lambda: _import(path)))
        _forget()
    return [Figure("import.stock", theirs, "s", middle(ours), 20, more_is_better=True)]
