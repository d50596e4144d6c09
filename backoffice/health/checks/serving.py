"""What a web process needs on its disk."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.utils.translation import gettext as _

from backoffice.health.findings import Finding, Group, in_words
from backoffice.health.registry import check


@check("media", Group.MACHINE, asks_database=False, on_card=True, ready=True)
def media() -> Iterator[Finding]:
    """Also a full disk and a file system that became read-only show when something is written."""
    folder = Path(settings.MEDIA_ROOT)
    try:
        if folder.exists():
            with tempfile.TemporaryFile(dir=folder) as file:
                file.write(b"\0")
        elif not os.access(next(parent for parent in folder.parents if parent.exists()), os.W_OK | os.X_OK):
            raise PermissionError(f"{folder} does not exist and cannot be made")
    except OSError as error:
        yield Finding(
            _("Nothing can be written to MEDIA_ROOT, so uploads fail: %(error)s.") % {"error": in_words(error)},
            _("Mount or make the folder %(folder)s, give it to the account that runs web and worker, and see that its disk is not full.")
            % {"folder": folder},
        )


@check("static", Group.MACHINE, asks_database=False, on_card=True, ready=True)
def static() -> Iterator[Finding]:
    """A process reads the list of static files once, when it starts; a page that names one which is not in it fails."""
    manifest = getattr(staticfiles_storage, "hashed_files", None)
    if manifest is not None and not manifest:
        yield Finding(
            _("The static files are not collected, or were collected after this process started: its pages fail."),
            _("Run “manage.py collectstatic --noinput”, then restart the web. STATIC_ROOT is %(folder)s.")
            % {"folder": settings.STATIC_ROOT},
        )
