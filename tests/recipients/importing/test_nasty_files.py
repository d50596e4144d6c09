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


def ends_well(client, root: User, path: Path, row: dict[str, str]) -> str:
    """What went wrong, if anything did."""
    with path.open("rb") as content:
        batch = ImportService.upload(File(content, name=row["file"]), kind=row["kind"] or "memberships", mode="add", actor=root)
    Import.objects.filter(pk=batch.pk).update(encoding=row["encoding"], sheet=row["sheet"])
    ImportService.read(batch.pk)
    batch.refresh_from_db()
    page = client.get(reverse("admin:recipients_import_change", args=[batch.pk]))
    own = [code for code in batch.problems.values_list("code", flat=True) if not code.startswith(FOUND_BY_THE_DATABASE)]
    well = batch.state == Import.State.CHECKED and not own
    if (
        page.status_code == 200
        and well == (row["outcome"] == "accepted")
        and batch.state in {Import.State.CHECKED, Import.State.UNREADABLE}
    ):
        return ""
    return f"{row['file']}: {batch.state}, {own}, {batch.problem}, page {page.status_code}, but the table says {row['outcome']}"


@pytest.mark.timeout(300)
def test_every_nasty_file_gets_an_answer(client, root, tmp_path):
    client.force_login(root)
    before, wrong = User.objects.count(), []
    for row in OUTCOMES:
        path = FOLDER / row["file"]
        if row["file"] in MAKERS:
            path = tmp_path / row["file"]
            MAKERS[row["file"]](path)
        if (row["kind"] or "memberships") in KINDS and 0 < path.stat().st_size < SMALL:
            wrong += filter(None, [ends_well(client, root, path, row)])
    assert not wrong, "\n".join(wrong)
    assert User.objects.count() == before
