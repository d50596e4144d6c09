"""Two sealers at once, and one that is killed: one chain, and nothing half."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest
from django.conf import settings as django_settings
from django.db import connection

from audit.models import Seal
from audit.seals import anchors
from audit.seals.findings import Exit
from audit.seals.sealing import seal
from audit.seals.verifying import verify
from tests.audit.sealing import seal_now, sealed, wait_until_sealable, write

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_sealers_at_once_the_second_does_no_harm(other_connection):
    write("a")
    other_connection.execute("SELECT pg_advisory_lock(hashtext('audit.seal'))")
    assert seal() is None
    other_connection.execute("SELECT pg_advisory_unlock(hashtext('audit.seal'))")
    assert seal_now().number == 1


def test_sealers_in_a_race_make_one_chain():
    def work(number: int) -> None:
        try:
            for turn in range(5):
                write(f"{number}-{turn}")
                seal()
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, range(3)))
    seal_now()
    report = verify()
    assert report.code == Exit.INTACT
    assert [a.number for a in anchors.all_of_them()] == list(range(1, Seal.objects.count() + 1))


SEALER = """
import os, signal, django
django.setup()
from audit.seals import anchors, sealing
from django.conf import settings
settings.AUDIT_ANCHOR_FILE = {path!r}
die = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
{where} = die
sealing.seal()
"""


@pytest.mark.parametrize(
    ("where", "seals"),
    [("sealing.keys.sign", 1), ("sealing.Seal.save", 1), ("anchors.append_missing", 2)],
    ids=["signing", "saving", "anchoring"],
)
def test_a_sealer_that_is_killed_leaves_nothing_half(where, seals):
    sealed("a")
    write("b")
    wait_until_sealable()
    code = SEALER.format(where=where, path=str(django_settings.AUDIT_ANCHOR_FILE))
    database = connection.settings_dict
    url = f"postgres://{database['USER']}:{database['PASSWORD']}@{quote(database['HOST'], safe='')}:{database['PORT']}/{database['NAME']}"
    environment = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "backoffice.settings"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, cwd=django_settings.BASE_DIR, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    assert Seal.objects.count() == seals
    seal_now()
    report = verify()
    assert (report.code, report.last) == (Exit.INTACT, 2)
    assert [anchor.number for anchor in anchors.all_of_them()] == [1, 2]


def test_half_a_line_of_the_anchor_is_written_again():
    sealed("a")
    sealed("b")
    path = anchors.path()
    path.write_bytes(path.read_bytes()[:-30])
    assert anchors.append_missing() == 1
    assert [anchor.number for anchor in anchors.all_of_them() if anchor] == [1, 2]
    assert verify().code == Exit.INTACT
