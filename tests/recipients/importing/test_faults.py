"""Whatever happens on the way: all of the plan, or none of it, and the page says which."""

import os
import resource
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings as django_settings
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from guardian.shortcuts import assign_perm, remove_perm

from backoffice.jobs import lost
from backoffice.models import Job
from backoffice.postgres import THROW_AWAY, EmbeddedServer
from recipients.models import Import, ImportRow, User
from recipients.services import ImportService
from recipients.services.imports.states import APPLY, READ, UNDO
from tests.makers import make_person
from tests.recipients.importing.conftest import carry_out, csv, members, read
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)
HEADER = "Group code,Employee number"

WORKER = """
import os, signal, django
django.setup()
from django.conf import settings
settings.MEDIA_ROOT = {media!r}
from recipients.services import ImportService
from recipients.services.imports import memberships, reading
die = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
def linger(*_, **__):
    while True:
        memberships.execute("SELECT pg_sleep(0.1)")
{where} = {then}
ImportService.{work}({pk})
"""


def worker(work: str, batch: Import, where: str, then: str = "die") -> subprocess.Popen:
    """A worker that does this work in a process of its own. `where` it comes to, it is killed, or waits until its connection is gone."""
    code = WORKER.format(media=django_settings.MEDIA_ROOT, where=where, then=then, work=work, pk=batch.pk)
    database = connection.settings_dict
    url = f"postgres://{database['USER']}:{database['PASSWORD']}@{quote(database['HOST'], safe='')}:{database['PORT']}/{database['NAME']}"
    environment = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "backoffice.settings"}
    return subprocess.Popen([sys.executable, "-c", code], env=environment, cwd=django_settings.BASE_DIR, stderr=subprocess.DEVNULL)


def killed(work: str, batch: Import, where: str) -> None:
    assert worker(work, batch, where).wait(timeout=60) == -signal.SIGKILL


def found_again(job: str, batch: Import) -> bool:
    """Once it has been waiting for long enough, the sweep finds it."""
    Job.objects.update(asked_at=timezone.now() - timedelta(minutes=1))
    return lost(job) == [batch.pk] and ImportService.sweep() == 1


@pytest.fixture
def confirmed(upload, night, ben):
    batch = upload(HEADER, "N,00043")
    return ImportService.confirm(batch.pk, reading=batch.readings, actor=batch.created_by)


@pytest.mark.parametrize("where", ["reading.Stage.analyse", "reading.write_failing"])
def test_a_worker_killed_while_reading_leaves_nothing_and_is_found(frank, night, ben, where):
    batch = ImportService.upload(csv(HEADER, "N,00043", "N,1"), kind="memberships", mode="add", actor=frank)
    killed("read", batch, where)
    batch.refresh_from_db()
    assert batch.state == Import.State.READING
    assert not batch.rows.exists()
    assert not batch.problems.exists()
    assert found_again(READ, batch)
    assert read(batch).state == Import.State.CHECKED


def test_a_worker_killed_while_importing_leaves_nothing_and_is_found(confirmed, night):
    killed("apply", confirmed, "memberships._rename")
    assert members(night) == {"ann", "SEC"}
    assert found_again(APPLY, confirmed)
    ImportService.apply(confirmed.pk)
    confirmed.refresh_from_db()
    assert confirmed.state == Import.State.DONE
    assert members(night) == {"ann", "SEC", "ben"}


def test_a_worker_killed_while_undoing_leaves_what_was_imported(upload, night, ben):
    batch = carry_out(upload(HEADER, "N,00043"))
    ImportService.undo(batch.pk, actor=batch.created_by)
    killed("revert", batch, "memberships._rename")
    assert members(night) == {"ann", "SEC", "ben"}
    assert found_again(UNDO, batch)
    ImportService.revert(batch.pk)
    assert members(night) == {"ann", "SEC"}


def test_a_restart_of_postgresql_while_importing_leaves_nothing_and_the_work_is_found(confirmed, night):
    with connection.cursor() as cursor:
        cursor.execute("SHOW data_directory")
        server = EmbeddedServer(Path(cursor.fetchone()[0]), settings=THROW_AWAY)
    working = worker("apply", confirmed, "memberships._rename", "linger")
    eventually(lambda: Job.objects.filter(phase="importing").exists(), seconds=30)
    connection.close()
    assert server.stop()
    server.start()
    assert working.wait(timeout=30) == 1  # its connection is gone, and the work with it
    confirmed.refresh_from_db()
    assert confirmed.state == Import.State.APPLYING
    assert members(night) == {"ann", "SEC"}
    assert found_again(APPLY, confirmed)
    ImportService.apply(confirmed.pk)
    assert members(night) == {"ann", "SEC", "ben"}


def test_what_kills_every_worker_is_given_up(confirmed, night):
    Job.objects.update(attempts=3)
    ImportService.apply(confirmed.pk)
    confirmed.refresh_from_db()
    assert (confirmed.state, confirmed.problem["message"][:25]) == (Import.State.FAILED, "It was interrupted severa")
    assert members(night) == {"ann", "SEC"}


def test_a_plan_that_a_crash_of_the_server_emptied_is_made_anew(confirmed, night):
    """Its table is not written to the log; PostgreSQL empties it when it recovers."""
    ImportRow.objects.all().delete()
    ImportService.apply(confirmed.pk)
    assert members(night) == {"ann", "SEC"}
    assert read(confirmed).state == Import.State.CHECKED


def test_two_imports_of_one_group_at_once_are_done_one_after_the_other(upload, night, ben, frank):
    batches = [upload(HEADER, "N,00043") for _each in range(2)]
    for batch in batches:
        ImportService.confirm(batch.pk, reading=batch.readings, actor=frank)

    def work(batch: Import) -> None:
        try:
            ImportService.apply(batch.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, batches))
    states = sorted(Import.objects.values_list("state", flat=True))
    assert states == [Import.State.DONE, Import.State.READING]  # the second is compared again: nothing is new any more
    assert members(night) == {"ann", "SEC", "ben"}
    second = read(Import.objects.get(state=Import.State.READING))
    assert (second.summary["new"], second.summary["unchanged"]) == (0, 1)


def test_what_others_changed_since_the_preview_is_previewed_again(confirmed, night, ben, client, frank):
    night.recipientgroupadditionalrecipient_set.create(user=ben)
    ImportService.apply(confirmed.pk)
    client.force_login(frank)
    read(confirmed)
    page = client.get(reverse("admin:recipients_import_change", args=[confirmed.pk])).content.decode()
    assert "Something was changed by others" in page


def test_whoever_joined_a_group_since_is_not_removed_unseen(upload, night, ben):
    batch = upload(HEADER, "N,00042", "N,00043", mode="replace")
    ImportService.confirm(batch.pk, reading=batch.readings, actor=batch.created_by)
    night.recipientgroupadditionalrecipient_set.create(user=make_person("cas"))
    ImportService.apply(batch.pk)
    batch.refresh_from_db()
    assert batch.state == Import.State.READING
    assert members(night) == {"ann", "SEC", "cas"}


def test_a_right_revoked_before_the_confirmation_refuses_it(upload, night, ben, frank):
    batch = upload(HEADER, "N,00043")
    frank.groups.clear()
    with pytest.raises(PermissionDenied):
        ImportService.confirm(batch.pk, reading=batch.readings, actor=User.objects.get(pk=frank.pk))


def test_a_right_revoked_after_the_confirmation_ends_it(confirmed, night, frank):
    frank.groups.clear()
    ImportService.apply(confirmed.pk)
    confirmed.refresh_from_db()
    assert confirmed.state == Import.State.FAILED
    assert members(night) == {"ann", "SEC"}


def test_a_right_on_one_group_revoked_since_is_asked_again(night, ben, upload):
    keeper = make_person("kim", staff=True)
    for codename in ("add_import", "view_import", "view_user", "view_recipient"):
        assign_perm(f"recipients.{codename}", keeper)
    assign_perm("recipients.manage_members_recipientgroup", keeper, night)
    batch = upload(HEADER, "N,00043", actor=keeper)
    ImportService.confirm(batch.pk, reading=batch.readings, actor=keeper)
    remove_perm("recipients.manage_members_recipientgroup", keeper, night)
    ImportService.apply(batch.pk)
    batch.refresh_from_db()
    assert batch.state in {Import.State.READING, Import.State.FAILED}
    assert members(night) == {"ann", "SEC"}


def test_a_file_replaced_since_the_preview_is_not_imported(confirmed, night):
    Path(confirmed.files.get().file.path).write_text(f"{HEADER}\nN,00043\nN,00044\n")
    ImportService.apply(confirmed.pk)
    confirmed.refresh_from_db()
    assert (confirmed.state, confirmed.problem["message"][:15]) == (Import.State.FAILED, "The stored file")
    assert members(night) == {"ann", "SEC"}


@contextmanager
def full_disk():
    """No file grows beyond 64 kB: the write fails with an error of the operating system."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("rows", [20_000, 200_000], ids=["in memory", "through a temporary file"])
def test_a_full_disk_refuses_the_upload_and_keeps_nothing(client, frank, night, rows):
    client.force_login(frank)
    file = SimpleUploadedFile("big.csv", f"{HEADER}\n".encode() + b"N,0000000000000\n" * rows)
    with full_disk():
        response = client.post(reverse("admin:recipients_import_add"), {"file": file, "mode": "add"})
    assert response.status_code == 200
    assert "no room for this file" in response.content.decode()
    assert not Import.objects.exists()
    assert not list(Path(django_settings.MEDIA_ROOT).rglob("imports/*"))
