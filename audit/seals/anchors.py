"""What was told to the world outside the database: a file to which each seal is appended, and a mail with the newest."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from django.conf import settings
from django.core.mail import send_mail
from django.utils.translation import gettext as _

from audit.models import Seal
from audit.seals import keys

TAIL = 1 << 16  # bytes at the end of the file in which the newest line stands


@dataclass(frozen=True, slots=True)
class Anchor:
    """One line of the file."""

    number: int
    to_stamp: int
    rows: int  # of all seals up to this one
    digest: str
    signature: str
    key_id: str
    sealed_at: str
    epoch: int
    system_identifier: str

    @classmethod
    def of(cls, seal: Seal) -> Self:
        digest, signature = bytes(seal.digest).hex(), bytes(seal.signature).hex()
        at = seal.sealed_at.isoformat()
        return cls(seal.number, seal.to_stamp, seal.rows_in_total, digest, signature, seal.key_id, at, seal.epoch, seal.system_identifier)

    @classmethod
    def read(cls, line: bytes | str) -> Self | None:
        """None for half a line, and for what nobody signed."""
        try:
            anchor = cls(**json.loads(line))
            genuine = keys.is_signed(bytes.fromhex(anchor.digest), bytes.fromhex(anchor.signature), anchor.key_id)
        except (ValueError, TypeError):
            return None
        return anchor if genuine else None


def path() -> Path:
    return Path(settings.AUDIT_ANCHOR_FILE)


def newest() -> Anchor | None:
    try:
        with path().open("rb") as file:
            file.seek(max(file.seek(0, os.SEEK_END) - TAIL, 0))
            lines = file.read().splitlines()
    except FileNotFoundError:
        return None
    return next((anchor for line in reversed(lines) if (anchor := Anchor.read(line))), None)


def all_of_them() -> Iterator[Anchor | None]:
    """In the order of the file; None stands for a line that is not genuine."""
    try:
        with path().open("rb") as file:
            for line in file:
                yield Anchor.read(line)
    except FileNotFoundError:
        return


def append_missing() -> int:
    """Bring the file up to date, also when a process died between the seal and its anchor. Returns how many lines were added."""
    last = newest()
    missing = Seal.objects.filter(number__gt=last.number if last else 0).order_by("number")
    lines = [json.dumps(asdict(Anchor.of(seal))) for seal in missing.iterator()]
    if lines:
        append(path(), "\n".join(lines) + "\n")
    return len(lines)


def append(target: Path, text: str) -> None:
    """Whole lines, on disk when this returns."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("a+b") as file:
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":  # half a line, of a process that was killed
                text = "\n" + text
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())


def mail_newest() -> bool:
    """Send the newest seal to AUDIT_ANCHOR_MAIL. False if there is nobody to send it to, or nothing."""
    head = Seal.objects.order_by("-number").first()
    if head is None or not settings.AUDIT_ANCHOR_MAIL:
        return False
    told: dict[str, Any] = asdict(Anchor.of(head))
    explanation = _(
        "This is the newest seal of the trail. Keep this mail: with it, anyone can later show that nothing "
        "which was sealed until then has been changed since."
    )
    send_mail(
        subject=_("Seal %(number)s of %(organisation)s") % {"number": head.number, "organisation": settings.ORGANISATION_NAME},
        message=f"{explanation}\n\n{json.dumps(told, indent=2)}\n",
        from_email=None,
        recipient_list=[settings.AUDIT_ANCHOR_MAIL],
    )
    return True
