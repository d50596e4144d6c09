"""Collects static files when they changed. Collecting compresses them, which takes a while."""

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command


def collect_if_changed(note: Path) -> bool:
    """Collect unless the files are those that `note` remembers. Returns whether it did."""
    state = _state_of_sources()
    collected = Path(settings.STATIC_ROOT) / "staticfiles.json"
    if collected.exists() and note.exists() and note.read_text() == state:
        return False
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    note.write_text(state)
    return True


def _state_of_sources() -> str:
    digest = hashlib.sha256(str(settings.STATIC_ROOT).encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            stat = Path(storage.path(name)).stat()
            digest.update(f"{name} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()
