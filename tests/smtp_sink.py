"""A mail server that accepts everything and keeps nothing, fast enough not to be the limit: `python -m tests.smtp_sink`.

It prints its port and serves until its standard input ends, so it never outlives whoever started it. With `--log`
it appends one JSON line per accepted mail: from, to (a list), message_id.
"""

# ruff: noqa: T201 - printing is its answer

import argparse
import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

REPLIES = {b"EHLO": b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n", b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}
END = b"\r\n.\r\n"


class Sink(asyncio.Protocol):
    log: IO[str] | None = None
    delay = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport, self.received, self.in_data = transport, bytearray(), False
        self._forget()
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self.received += data
        while self._mail() if self.in_data else self._command():
            pass

    def _forget(self) -> None:
        self.sender, self.recipients = "", []

    def _command(self) -> bool:
        line, newline, rest = self.received.partition(b"\r\n")
        if not newline:
            return False
        self.received = rest
        verb = bytes(line[:4]).upper()
        if verb == b"MAIL":
            self._forget()
            self.sender = _address(line)
        elif verb == b"RCPT":
            self.recipients.append(_address(line))
        self.in_data = verb == b"DATA"
        self.transport.write(REPLIES.get(verb, b"250 ok\r\n"))
        if verb == b"QUIT":
            self.transport.close()
        return True

    def _mail(self) -> bool:
        mail, end, rest = self.received.partition(END)
        if not end:
            return False
        self.received, self.in_data = rest, False
        if self.log:
            entry = {"from": self.sender, "to": self.recipients, "message_id": _message_id(mail)}
            self.log.write(json.dumps(entry) + "\n")
            self.log.flush()
        self._forget()
        asyncio.get_running_loop().call_later(self.delay, self.transport.write, b"250 ok\r\n")
        return True


def _address(line: bytearray) -> str:
    return line.partition(b"<")[2].partition(b">")[0].decode()


def _message_id(mail: bytearray) -> str:
    for line in mail.partition(b"\r\n\r\n")[0].split(b"\r\n"):
        if line.lower().startswith(b"message-id:"):
            return line.partition(b":")[2].strip().decode()
    return ""


async def serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Sink, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    ended = loop.create_future()
    loop.add_reader(sys.stdin, lambda: sys.stdin.read(1) or ended.done() or ended.set_result(None))
    await ended
    server.close()


@contextmanager
def running(log: Path | None = None, *, delay: float = 0) -> Iterator[int]:
    """A sink in a process of its own meanwhile. Yields its port."""
    command = [sys.executable, "-m", "tests.smtp_sink", *(["--log", str(log)] if log else []), "--delay", str(delay)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as sink:
        try:
            yield int(sink.stdout.readline())
        finally:
            sink.stdin.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--log", type=Path, help="append a JSON line per accepted mail to this file")
    parser.add_argument("--delay", type=float, default=0, help="seconds to take over each mail")
    options = parser.parse_args()
    Sink.delay = options.delay
    if options.log:
        Sink.log = options.log.open("a", encoding="utf-8")
    asyncio.run(serve())


if __name__ == "__main__":
    main()
