"""Starts a throw-away PostgreSQL before anything reads the settings.

pytest-django reads them before any conftest and before other plugins' hooks, so this happens
when the module is imported: by `-p tests.plugin`, which comes first of all. Each worker of a
parallel run has a server of its own: what waits for older transactions waits for nobody else's.
"""

import gc
import os
import shutil
import tempfile
from pathlib import Path

from backoffice.postgres import THROW_AWAY, EmbeddedServer

FOLDER = Path(tempfile.mkdtemp(prefix="staff-notices-test-"))
(FOLDER / "owner").write_text(str(os.getpid()))
FOLDER.chmod(0o755)  # the server runs as another user when the tests run as root
(FOLDER / "static").mkdir()
os.environ |= {"VAR_DIR": str(FOLDER), "ENVIRONMENT": "local"}


def _remove_what_killed_runs_left() -> None:
    for folder in Path(tempfile.gettempdir()).glob("staff-notices-test-*"):
        try:
            os.kill(int((folder / "owner").read_text()), 0)
        except (OSError, ValueError):
            EmbeddedServer(folder / "server").remove()
            shutil.rmtree(folder, ignore_errors=True)


# A test makes and drops many objects, and next to none that waits for the collector: looking less often saves a tenth of it all.
gc.set_threshold(100_000, 50, 100)

_remove_what_killed_runs_left()
SERVER = None
OURS = "TESTS_THROW_AWAY_DATABASE_URL"  # what the process that started this one made, if it was not the user
if os.environ.get("DATABASE_URL") == os.environ.get(OURS):
    SERVER = EmbeddedServer(FOLDER / "server", settings=THROW_AWAY)
    SERVER.start()
    os.environ["DATABASE_URL"] = os.environ[OURS] = SERVER.url()


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()  # what was imported stays


def pytest_unconfigure() -> None:
    if SERVER is not None:
        SERVER.remove()
    shutil.rmtree(FOLDER, ignore_errors=True)
