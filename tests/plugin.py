"""Starts a throw-away PostgreSQL before anything reads the settings.

pytest-django reads them before any conftest and before other plugins' hooks, so this happens
when the module is imported: by `-p tests.plugin`, which comes first of all.
"""

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
            EmbeddedServer(folder / "postgres").remove()
            shutil.rmtree(folder, ignore_errors=True)


_remove_what_killed_runs_left()
SERVER = None
if "DATABASE_URL" not in os.environ:  # set by the user, or by the process that started this one
    SERVER = EmbeddedServer(FOLDER / "postgres", settings=THROW_AWAY)
    SERVER.start()
    os.environ["DATABASE_URL"] = SERVER.url()


def pytest_unconfigure() -> None:
    if SERVER is not None:
        SERVER.remove()
    shutil.rmtree(FOLDER, ignore_errors=True)
