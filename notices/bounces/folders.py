"""Mailboxes that are files: an mbox, or a maildir."""

import mailbox
from collections.abc import Iterator
from pathlib import Path


class MboxFile:
    """Read from its beginning, each time, and never written: what was taken before is known by its digest."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def messages(self) -> Iterator[tuple[str, bytes]]:
        box = mailbox.mbox(self._path, create=False)
        try:
            for key in box.iterkeys():
                yield str(key), box.get_bytes(key)
        finally:
            box.close()

    def settle(self, key: str, *, look: bool) -> None:
        """Nothing: a mail server may be writing to the file."""


class Maildir:
    """What has not been seen; afterwards it has been."""

    def __init__(self, path: Path) -> None:
        self._box = mailbox.Maildir(path, create=False)

    def messages(self) -> Iterator[tuple[str, bytes]]:
        for key in sorted(self._box.iterkeys()):
            try:
                if "S" not in self._box.get_message(key).get_flags():
                    yield key, self._box.get_bytes(key)
            except KeyError:  # somebody else took it away
                continue

    def settle(self, key: str, *, look: bool) -> None:
        message = self._box.get_message(key)
        message.set_subdir("cur")
        message.add_flag("SF" if look else "S")
        self._box[key] = message
