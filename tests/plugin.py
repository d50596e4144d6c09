"""Starts a throw-away PostgreSQL before the settings are read (pytest-django reads them before any conftest)."""

import os
import shutil
import tempfile
from pathlib import Path

from backoffice.postgres import THROW_AWAY, EmbeddedServer


def pytest_load_initial_conftests(early_config) -> None:
    folder = Path(tempfile.mkdtemp(prefix="staff-notices-test-"))
    folder.chmod(0o755)
    os.environ.setdefault("VAR_DIR", str(folder))
    os.environ["ENVIRONMENT"] = "local"
    if "DATABASE_URL" not in os.environ:
        server = EmbeddedServer(folder / "postgres", settings=THROW_AWAY)
        server.start()
        os.environ["DATABASE_URL"] = server.url()
        early_config.add_cleanup(server.remove)
    early_config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
