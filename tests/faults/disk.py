"""A disk that is full, for a PostgreSQL that runs: no file of its grows past where a test says. It needs no rights and no mount.

The kernel refuses what goes further (RLIMIT_FSIZE), so PostgreSQL meets it where it would meet a full disk: when a table
or its log has to grow. It is for PostgreSQL alone, and over as soon as there is room.
"""

import subprocess
from contextlib import suppress

import psycopg
from django.db import connection

from backoffice.postgres import EmbeddedServer
from tests.processes import database_url

SEGMENT = 1 << 24  # bytes of one file of PostgreSQL's log, from the beginning
FILLED = "notices_delivery"
LONG_AGO = 0  # a revision that no notice has
# As many rows at once as make the table larger than a segment of the log; then one by one, to the last byte.
FILLER = f"""
    INSERT INTO {FILLED} (notice_id, person_id, revision, kind, occasion, state, attempts, crashes, next_attempt_at, changed_at, reason)
    SELECT %(notice)s, n, {LONG_AGO}, 'change', 0, 'cancelled', 0, 0, now(), now(), repeat('.', %(long)s)
    FROM generate_series(%(first)s, %(last)s) n
"""


class Disk:
    def __init__(self, server: EmbeddedServer) -> None:
        self.server = server
        self._people = 10**6  # that nobody is

    def ends_at(self, size: int | str) -> None:
        """As the account of the server: nobody else may, and root only with rights that a container has not."""
        postmaster = int((self.server.data_dir / "postmaster.pid").read_text().splitlines()[0])
        self._limit(postmaster, size)  # first: whoever is born from now on has it too
        with psycopg.connect(database_url()) as own:
            children = [pid for (pid,) in own.execute("SELECT pid FROM pg_stat_activity")]
        for pid in children:
            with suppress(subprocess.CalledProcessError):  # it has ended meanwhile
                self._limit(pid, size)

    def _limit(self, pid: int, size: int | str) -> None:
        command = ["prlimit", f"--fsize={size}:", "--pid", str(pid)]
        subprocess.run(command, user=self.server.data_dir.stat().st_uid, check=True, cwd="/", stderr=subprocess.DEVNULL)

    def has_room(self) -> None:
        """Again, also where it was filled."""
        self.ends_at("unlimited")
        with psycopg.connect(database_url()) as own:
            own.execute(f"DELETE FROM {FILLED} WHERE revision = {LONG_AGO}")

    def make_large(self, notice_id: int) -> None:
        """Mails of long ago, more than a segment of the log holds: a disk that ends behind them has room for the log alone."""
        with connection.cursor() as cursor:
            # What other tests deleted would be room, and so would what is tidied up meanwhile.
            cursor.execute(f"VACUUM FULL {FILLED}")
            cursor.execute(f"ALTER TABLE {FILLED} SET (autovacuum_enabled = off)")
            while _size() <= SEGMENT:
                self._fill(cursor, notice_id, 10_000, long=1910)  # four to a page, with no room for another

    def is_full(self, notice_id: int) -> None:
        """Not one more mail can be written down. Asked on a connection of its own: that of a worker may be in a transaction."""
        self.ends_at(_size())
        with psycopg.connect(database_url(), autocommit=True) as own:
            while True:
                try:
                    self._fill(own, notice_id, 1)
                except psycopg.Error as error:
                    assert "could not extend file" in str(error)  # noqa: PT017 - any other is no full disk
                    return

    def _fill(self, cursor, notice_id: int, rows: int, *, long: int = 0) -> None:
        first = self._people
        self._people += rows
        cursor.execute(FILLER, {"notice": notice_id, "first": first, "last": first + rows - 1, "long": long})


def _size() -> int:
    with psycopg.connect(database_url()) as own:
        return own.execute("SELECT pg_relation_size(%s::regclass)", [FILLED]).fetchone()[0]
