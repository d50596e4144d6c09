"""The machine that this command runs on: its disks, its clock, and the embedded PostgreSQL if there is one."""

import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from backoffice.health.findings import Finding, Group
from backoffice.health.registry import check

LITTLE = 1 << 30  # bytes that should be free
FEW_FILES = 10_000  # that may still be made
CLOCKS_DIFFER = 5  # seconds


@check("disk", Group.MACHINE, asks_database=False, on_card=True)
def disk() -> Iterator[Finding]:
    seen: set[int] = set()
    for name, folder in _folders():
        there = next(place for place in (folder, *folder.parents) if place.exists())
        if (device := there.stat().st_dev) in seen:
            continue
        seen.add(device)
        disk = os.statvfs(there)
        free = disk.f_bavail * disk.f_frsize
        told = {"name": name, "folder": there, "free": f"{free / (1 << 20):,.0f}", "files": disk.f_favail}
        if free < LITTLE:
            yield Finding(_("The disk of %(name)s (%(folder)s) has only %(free)s MB free.") % told, _full(there))
        elif disk.f_files and disk.f_favail < FEW_FILES:
            yield Finding(_("The disk of %(name)s (%(folder)s) can take only %(files)s more files.") % told, _full(there))


def _folders() -> list[tuple[str, Path]]:
    found = [("MEDIA_ROOT", Path(settings.MEDIA_ROOT).absolute()), ("VAR_DIR", Path(settings.VAR_DIR).absolute())]
    if settings.EMBEDDED_POSTGRES is not None:
        found.append((_("the embedded PostgreSQL"), settings.EMBEDDED_POSTGRES.data_dir))
    return found


def _full(folder: Path) -> str:
    return _("Make room or enlarge it: “du -xh %(folder)s | sort -h | tail” shows what is large.") % {"folder": folder}


@check("host clock", Group.MACHINE)
def host_clock() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        before = time.time()  # noqa: TID251 - the host's clock is the question
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
        ours = (before + time.time()) / 2  # noqa: TID251
        ahead = ours - cursor.fetchone()[0]
    if abs(ahead) > CLOCKS_DIFFER:
        told = {"seconds": f"{abs(ahead):,.0f}"}
        text = (
            _("The clock of this machine is %(seconds)s seconds ahead of the database's.")
            if ahead > 0
            else _("The clock of this machine is %(seconds)s seconds behind the database's.")
        )
        yield Finding(text % told, _("Let both machines take the time from a time server: “timedatectl” says whether this one does."))


@check("embedded database", Group.MACHINE, asks_database=False)
def embedded() -> Iterator[Finding]:
    server = settings.EMBEDDED_POSTGRES
    if server is None:
        return
    if not server.is_running():
        yield Finding(
            _("The embedded PostgreSQL does not run."),
            _("Any command of manage.py starts it. If it does not stay up, %(log)s says why.") % {"log": server.data_dir / "server.log"},
        )
    elif server.socket_dir.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield Finding(
            _("Other accounts of this machine can reach the embedded PostgreSQL, which trusts whoever does."),
            _("Run “chmod 700 %(folder)s”.") % {"folder": server.socket_dir},
        )
