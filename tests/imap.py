"""A small IMAP server on this machine: one account, one folder, and the commands that Python's imaplib sends for us (RFC 9051).

`breaks_off_at` is a command at which it hangs up.
"""

import re
import socketserver
import ssl
import threading
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Kept:
    raw: bytes
    flags: set[str] = field(default_factory=set)


class ImapServer:
    user, password = "bounces@example.org", 'p@ss "word"\\'

    def __init__(self, *, certificate: ssl.SSLContext | None = None, at_once: bool = False) -> None:
        """With a certificate: TLS `at_once`, or after STARTTLS and then only."""
        self.certificate, self.at_once = certificate, at_once
        self.messages: dict[int, Kept] = {}  # by UID
        self.breaks_off_at = ""
        self.commands: list[str] = []
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Dialogue)
        self._server.daemon_threads = True
        self._server.imap = self  # type: ignore[attr-defined]
        self.port: int = self._server.server_address[1]

    def deliver(self, raw: bytes) -> int:
        uid = max(self.messages, default=40) + 1
        self.messages[uid] = Kept(raw)
        return uid

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Dialogue(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.imap: ImapServer = self.server.imap  # type: ignore[attr-defined]
        self.is_known, self.is_secret = False, not self.imap.certificate
        try:
            if self.imap.at_once:
                self._wrap()
            self._talk()
        except ssl.SSLError:  # the client does not trust the certificate
            return

    def finish(self) -> None:
        super().finish()
        self.request.close()

    def _wrap(self) -> None:
        assert self.imap.certificate
        self.rfile.close()
        self.request = self.imap.certificate.wrap_socket(self.request, server_side=True)
        self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", buffering=0)
        self.is_secret = True

    def _talk(self) -> None:
        self._say("* OK [CAPABILITY IMAP4rev1] ready")
        while line := self.rfile.readline():
            tag, _space, rest = line.decode().strip().partition(" ")
            name = rest.split(" ")[0].upper()
            command = " ".join(rest.upper().split(" ")[:2]) if name == "UID" else name
            self.imap.commands.append(command)
            if command == self.imap.breaks_off_at:
                return
            answer = getattr(self, f"_{command.lower().replace(' ', '_')}", self._unknown)
            self._say(f"{tag} {answer(rest[len(command) :].strip())}")
            if command == "LOGOUT":
                return
            if command == "STARTTLS":
                self._wrap()

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def _capability(self, _arguments: str) -> str:
        self._say("* CAPABILITY IMAP4rev1" + (" STARTTLS" if self.imap.certificate and not self.is_secret else ""))
        return "OK done"

    def _starttls(self, _arguments: str) -> str:
        return "OK begin" if self.imap.certificate and not self.is_secret else "BAD not here"

    def _login(self, arguments: str) -> str:
        user, password = _strings(arguments)
        self.is_known = self.is_secret and (user, password) == (self.imap.user, self.imap.password)
        return "OK logged in" if self.is_known else "NO [AUTHENTICATIONFAILED] wrong user or password"

    def _select(self, arguments: str) -> str:
        if not self.is_known or _strings(arguments) != ["INBOX"]:
            return "NO there is no such folder"
        self._say(f"* {len(self.imap.messages)} EXISTS")
        self._say(r"* FLAGS (\Seen \Flagged \Deleted)")
        return "OK [READ-WRITE] selected"

    def _uid_search(self, arguments: str) -> str:
        unseen = [uid for uid, kept in self.imap.messages.items() if r"\Seen" not in kept.flags]
        self._say(" ".join(["* SEARCH", *map(str, unseen)]))
        return "OK done" if arguments == "UNSEEN" else "BAD I only look for what is unseen"

    def _uid_fetch(self, arguments: str) -> str:
        asked = re.fullmatch(r"(\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)", arguments)
        if asked is None:
            return "BAD I only fetch the beginning of one message, without touching it"
        kept = self.imap.messages.get(int(asked[1]))
        if kept is not None:
            raw = kept.raw[: int(asked[2])]
            self.wfile.write(b"* 1 FETCH (UID %s BODY[]<0> {%d}\r\n%s)\r\n" % (asked[1].encode(), len(raw), raw))
        return "OK done"

    def _uid_store(self, arguments: str) -> str:
        uid, _item, flags = arguments.split(" ", 2)
        self.imap.messages[int(uid)].flags |= set(flags.strip("()").split())
        return "OK done"

    def _logout(self, _arguments: str) -> str:
        self._say("* BYE")
        return "OK bye"

    def _unknown(self, _arguments: str) -> str:
        return "BAD I do not know that"


def _strings(arguments: str) -> list[Any]:
    """Quoted strings and atoms."""
    found = re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', arguments)
    return [atom or re.sub(r"\\(.)", r"\1", quoted) for quoted, atom in found]
