"""`manage.py take_bounces`: reports on mails that came back, from wherever they arrive."""

import os
import sys
from pathlib import Path
from typing import Any, ClassVar

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from notices.bounces.imap import MailboxProblem
from notices.services.bounce_mailbox import take_from_folder, take_from_imap
from notices.services.bounces import BounceService, Taken

LONGEST = 50_000_000  # bytes on standard input


class Command(BaseCommand):
    help = (
        "Take reports on mails that came back: one message from standard input (for a pipe in the mail server), a mailbox, "
        "or events of a provider. Taking the same again changes nothing."
    )
    requires_system_checks: ClassVar = []  # they ask the database, and a pipe has to say for itself that it is away

    def add_arguments(self, parser: CommandParser) -> None:
        ways = parser.add_mutually_exclusive_group()
        ways.add_argument("--mbox", type=Path, metavar="FILE", help="every message of an mbox file, which is left as it is")
        ways.add_argument("--maildir", type=Path, metavar="FOLDER", help="what is not seen yet in a maildir; afterwards it is")
        ways.add_argument("--imap", action="store_true", help="what is unread in the mailbox of BOUNCE_MAILBOX_URL; afterwards it is read")
        ways.add_argument(
            "--json",
            nargs="?",
            const="-",
            metavar="FILE",
            help="events, as a JSON array or one object a line; without FILE from standard input",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            taken = self._take(options)
        except DatabaseError as error:
            msg = f"The database cannot take it now: {error}. Try again later; what was taken until now stays taken."
            raise CommandError(msg, returncode=os.EX_TEMPFAIL) from error  # a mail server keeps the message and tries again
        self.stdout.write(sentence(taken))

    def _take(self, options: dict[str, Any]) -> Taken:
        if options["imap"]:
            return _from_imap()
        if path := options["mbox"] or options["maildir"]:
            return _from_folder(path, is_maildir=bool(options["maildir"]))
        if options["json"]:
            return _from_json(options["json"])
        return BounceService.take(sys.stdin.buffer.read(LONGEST))


def _from_imap() -> Taken:
    if not settings.BOUNCE_MAILBOX:
        msg = "No mailbox is set. Set BOUNCE_MAILBOX_URL, such as imaps://user:password@host/INBOX."
        raise CommandError(msg)
    try:
        return take_from_imap()
    except MailboxProblem as error:
        msg = f"The mailbox cannot be read: {error}. Check BOUNCE_MAILBOX_URL; what was taken until now stays taken."
        raise CommandError(msg) from error


def _from_folder(path: Path, *, is_maildir: bool) -> Taken:
    if (path / "new").is_dir() if is_maildir else path.is_file():
        return take_from_folder(path)
    msg = f"{path} is no {'maildir: it has no folder “new”' if is_maildir else 'file'}. Name one that this account may read."
    raise CommandError(msg)


def _from_json(name: str) -> Taken:
    try:
        text = (sys.stdin.buffer.read(LONGEST) if name == "-" else Path(name).read_bytes()).decode("utf-8-sig")
        return BounceService.take_events(text)
    except OSError as error:
        msg = f"{name} cannot be read: {error.strerror}. Name a file that this account may read."
        raise CommandError(msg) from error
    except ValueError as error:
        msg = f"This is no JSON: {error}. Nothing was taken. Give an array of objects, or one object a line."
        raise CommandError(msg) from error


def sentence(taken: Taken) -> str:
    spared = f" So many came back within a day that {taken.spared:,} addresses were not marked: is a mail server at fault?"
    return (
        f"Came back: {taken.came_back:,}, of which {taken.marked:,} marked an address. Delayed: {taken.delayed:,}. "
        f"Taken before: {taken.repeated:,}. Fit no mail of ours: {taken.strange:,}. "
        f"Automatic replies: {taken.auto_replies:,}. Something else: {taken.others:,}." + (spared if taken.spared else "")
    )
