"""Headers and parts of a message as they stand there, so that nothing in them can raise."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any

LONGEST_TEXT = 200_000  # characters of one part
MOST_PARTS = 50
BLANK_LINE = re.compile(r"\r?\n[ \t]*\r?\n")
FIELD = re.compile(r"^(?P<name>[!-9;-~]{1,100}):[ \t]*(?P<value>[^\r\n]*(?:\r?\n[ \t]+[^\r\n]*)*)", re.MULTILINE)


class Headers:
    """Names in small letters; values on one line, decoded where they are encoded."""

    def __init__(self, items: Any) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in items:
            self._values.setdefault(name.strip().lower(), []).append(_decoded(" ".join(str(value).split())))

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def all(self, name: str) -> list[str]:
        return self._values.get(name, [])

    def first(self, name: str) -> str:
        return next(iter(self.all(name)), "")

    def names(self) -> list[str]:
        return list(self._values)


@dataclass(frozen=True, slots=True)
class Part:
    """One part, also of what is attached. `text` is decoded and cut; `message` is what an attached message holds at its top."""

    content_type: str
    text: str
    blocks: tuple[Headers, ...]  # of a report: groups of fields with an empty line between them
    attached: Headers | None


def headers_of(message: Message) -> Headers:
    return Headers(message.raw_items())


def headers_in(text: str) -> Headers:
    return Headers((field["name"], field["value"]) for field in FIELD.finditer(text[:LONGEST_TEXT]))


def parts_of(message: Message) -> list[Part]:
    found = []
    for part in message.walk():
        found.append(_part(part))
        if len(found) == MOST_PARTS:
            break
    return found


def moment(text: str) -> datetime | None:
    """A date of a header, if it is one."""
    try:
        found = parsedate_to_datetime(text)
        return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _part(part: Message) -> Part:
    content_type = part.get_content_type()
    payload = part.get_payload()
    held = [child for child in payload if isinstance(child, Message)] if isinstance(payload, list) else []
    if content_type.endswith("delivery-status"):
        return Part(content_type, "", tuple(_blocks(held) if held else _blocks_in(_text(part))), None)
    if content_type in {"text/rfc822-headers", "message/global-headers"}:
        inside = held[0].as_string() if held else _text(part)
        return Part(content_type, "", (), headers_in(BLANK_LINE.split(inside, maxsplit=1)[0]))
    if part.get_content_maintype() == "message" and held:
        return Part(content_type, "", (), headers_of(held[0]))
    return Part(content_type, _text(part) if part.get_content_maintype() == "text" else "", (), None)


def _blocks(held: list[Message]) -> Iterator[Headers]:
    """Python reads each group of fields as a message; what it takes for the text of one is further groups."""
    for message in held:
        yield headers_of(message)
        rest = message.get_payload()
        if isinstance(rest, str) and rest.strip():
            yield from _blocks_in(rest)


def _blocks_in(text: str) -> Iterator[Headers]:
    return (headers_in(block) for block in BLANK_LINE.split(text[:LONGEST_TEXT]))


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    return payload[: 4 * LONGEST_TEXT].decode("utf-8", "replace")[:LONGEST_TEXT].replace("\r\n", "\n")


def _decoded(value: str) -> str:
    if "=?" not in value:
        return value
    try:
        return str(make_header(decode_header(value)))
    except (ValueError, LookupError):  # an unknown charset, or nothing that was ever encoded
        return value
