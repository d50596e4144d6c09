"""A mail server that delivers nothing: it keeps every mail in a folder and shows them on a web page.

Run as `python -m backoffice.demo.catcher`. It knows nothing of Django, so it starts in an instant.
"""

import argparse
import itertools
import signal
import time
from email import message_from_bytes
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import default
from http.server import ThreadingHTTPServer
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from backoffice.demo.mail_pages import MailPages

HOST = "127.0.0.1"
KEPT = 5_000  # older mails make room


class MailFolder:
    """One file per mail. Names sort by time and are the ids in addresses."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._number = itertools.count()
        path.mkdir(parents=True, exist_ok=True)

    def keep(self, content: bytes) -> None:
        name = f"{time.time_ns():020d}"
        draft = self.path / f".{name}"
        draft.write_bytes(content)
        draft.rename(self.path / f"{name}.eml")  # a reader never sees half a mail
        if next(self._number) % 100 == 0:
            for old in self.ids()[KEPT:]:
                self._file(old).unlink(missing_ok=True)

    def ids(self) -> list[str]:
        """Newest first."""
        return sorted((file.stem for file in self.path.glob("*.eml")), reverse=True)

    def headers(self, mail_id: str) -> EmailMessage:
        with self._file(mail_id).open("rb") as handle:
            return BytesHeaderParser(policy=default).parse(handle)

    def mail(self, mail_id: str) -> EmailMessage:
        """Raises FileNotFoundError when there is none."""
        return message_from_bytes(self._file(mail_id).read_bytes(), policy=default)

    def _file(self, mail_id: str) -> Path:
        return self.path / f"{mail_id}.eml"


class Keeper:
    """Says yes to every mail."""

    def __init__(self, folder: MailFolder) -> None:
        self.folder = folder

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        self.folder.keep(envelope.original_content or b"")
        return "250 Kept"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smtp", type=int, required=True, help="port for mails")
    parser.add_argument("--web", type=int, required=True, help="port for the page that shows them")
    parser.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args()

    folder = MailFolder(options.folder)
    smtp = Controller(Keeper(folder), hostname=HOST, port=options.smtp)
    web = ThreadingHTTPServer((HOST, options.web), MailPages.showing(folder))
    web.daemon_threads = True
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    smtp.start()
    try:
        web.serve_forever()
    except KeyboardInterrupt:
        smtp.stop()


if __name__ == "__main__":
    main()
