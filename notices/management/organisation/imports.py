"""Spreadsheets that wait for a decision: uploaded by the steward, and read by whichever worker runs next."""

from pathlib import Path

from django.core.files import File

from backoffice.permissions import Role
from recipients.models import Import, User
from recipients.services import ImportService


def upload_spreadsheets(folder: Path) -> int:
    """Upload each file of a folder, if there is one, to be added to the groups it names. Returns how many those were."""
    steward = User.objects.filter(groups__name=Role.STEWARD, is_active=True).order_by("pk").first()
    files = sorted(path for path in folder.glob("*") if path.is_file()) if steward else []
    for path in files:
        with path.open("rb") as content:
            file = File(content, name=path.name)
            ImportService.upload(file, kind=Import.Kind.MEMBERSHIPS, mode=Import.Mode.ADD, actor=steward)
    return len(files)
