"""Whatever is uploaded, the page answers: with what is wrong with the file, or with its rows. Nothing fails, and nothing is changed."""

from pathlib import Path

import pytest
from django.core.files import File
from django.urls import reverse

from recipients.models import Import, User
from recipients.services import ImportService
from recipients.services.imports.registry import KINDS
from tests.recipients.imports.nasty_files import MAKERS
from tests.recipients.imports.test_nasty_files import FOLDER, OUTCOMES

SMALL = 1024 * 1024  # the reader's own tests have the large ones
FOUND_BY_THE_DATABASE = ("unknown_", "taken_", "near_", "may_not_", "inactive_", "nameless")


@pytest.fixture
def root(db) -> User:
    return User.objects.create_superuser("root")


def read(root: User, path: Path, row: dict[str, str]) -> Import:
    with path.open("rb") as content:
        batch = ImportService.upload(File(content, name=row["file"]), kind=row["kind"] or "memberships", mode="add", actor=root)
    batch.files.update(answers={name: row[name] for name in ("encoding", "sheet") if row[name]})
    ImportService.read(batch.pk)
    batch.refresh_from_db()
    return batch


def ends_well(batch: Import, row: dict[str, str]) -> bool:
    codes = list(batch.problems.values_list("code", flat=True))
    if row["outcome"] == "accepted":
        return batch.state == Import.State.CHECKED and all(code.startswith(FOUND_BY_THE_DATABASE) for code in codes)
    # Members that a file names twice in two ways are not known by one of the two.
    return batch.state == Import.State.UNREADABLE or (batch.state == Import.State.CHECKED and bool(codes))


@pytest.mark.timeout(300)
def test_every_nasty_file_gets_an_answer(client, root, tmp_path):
    client.force_login(root)
    before, wrong, shown = User.objects.count(), [], set()
    for row in OUTCOMES:
        path = FOLDER / row["file"]
        if row["file"] in MAKERS:
            path = tmp_path / row["file"]
            MAKERS[row["file"]](path)
        if (row["kind"] or "memberships") not in KINDS or not 0 < path.stat().st_size < SMALL:
            continue
        batch = read(root, path, row)
        if not ends_well(batch, row):
            wrong.append(f"{row['file']}: {batch.state}, {batch.problem}, {batch.summary}, but the table says {row['outcome']}")
        looks = (batch.state, (batch.problem or {}).get("code"), *sorted(set(batch.problems.values_list("code", flat=True))))
        if looks not in shown:  # a page like it was looked at
            shown.add(looks)
            assert client.get(reverse("admin:recipients_import_change", args=[batch.pk])).status_code == 200, row["file"]
    assert not wrong, "\n".join(wrong)
    assert User.objects.count() == before
