"""Whether what came back says something of the address (hard), of the moment (soft), or that it is still under way (delayed)."""

import re

from notices.bounces.reports import Kind

# An enhanced status code (RFC 3463), not a part of an IP address or a version.
CODE = re.compile(r"(?<![\d.])(?P<code>[245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)", re.ASCII)
SMTP = re.compile(r"(?<![\d.])(?P<code>[45]\d\d)(?=[ -])", re.ASCII)
VAGUE = re.compile(r"[45]\.0\.0", re.ASCII)
# 5.1 is about the address; of the others, those that will be no different tomorrow for this very address.
ABOUT_THE_ADDRESS = re.compile(r"5\.(1\.(?!7$|8$|9$)\d+|2\.1|4\.4)", re.ASCII)  # 5.1.7 to 5.1.9 are about the sender's
# Servers that say 5.4.1, 5.5.0, 5.7.1 or nothing but 550 mean this by their words.
NO_SUCH_MAILBOX = re.compile(
    r"user unknown|unknown (user|recipient|mailbox)|no such (user|mailbox|recipient|person)|no mailbox (here )?by that name"
    r"|(user|mailbox|recipient|account|address)( \S+){0,3} (does not|doesn't|doesn’t) exist|recipient ?not ?found|mailbox not found"
    r"|invalid (recipient|mailbox)|recipient address rejected: (access denied|undeliverable|user)"
    r"|mailbox( is)? (disabled|inactive|unavailable)"
    r"|(account|mailbox)( that you tried to reach)? (has been|is) (disabled|inactive|suspended)|not a valid (recipient|mailbox)"
    r"|name service error .* not found|unrouteable address|host or domain name not found",
    re.IGNORECASE,
)
NOT_THE_ADDRESS = re.compile(r"5\.(2\.[23]|3|6)\b", re.ASCII)  # full, too long, and what the mail holds: whatever the words


def code_of(status: str, diagnostic: str) -> str:
    """The most telling code: that of the report, unless it is vague and the server's own words hold a better one."""
    given = CODE.search(status)
    said = CODE.search(diagnostic)
    if given and not (VAGUE.fullmatch(given["code"]) and said):
        return given["code"]
    if said:
        return said["code"]
    smtp = SMTP.search(diagnostic)
    return f"{smtp['code'][0]}.0.0" if smtp else ""


def kind_of(action: str, code: str, diagnostic: str) -> Kind | None:
    """None: nothing came back. `action` is that of RFC 3464, in small letters."""
    if action == "delayed":
        return Kind.DELAYED
    if action in {"delivered", "relayed", "expanded"} or code.startswith("2"):
        return None
    return Kind.HARD if _is_about_the_address(code, diagnostic) else Kind.SOFT


def _is_about_the_address(code: str, diagnostic: str) -> bool:
    if code.startswith("4") or NOT_THE_ADDRESS.match(code):
        return False
    return bool(ABOUT_THE_ADDRESS.fullmatch(code) or NO_SUCH_MAILBOX.search(diagnostic))
