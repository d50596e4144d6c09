"""The catcher's web page: a list of mails, one mail, and its HTML part in a sandbox. It changes nothing.

What it shows came in by mail, so everything is escaped, and nothing that a mail brings can run.
"""

import re
from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from functools import partial
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

SHOWN = 100
SEARCHED = 2_000
LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]")
OWN_CSP = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
MAIL_CSP = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; "
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
)
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>
:root{{color-scheme:light dark}} body{{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:1rem auto;padding:0 1rem}}
table{{border-collapse:collapse;width:100%}} th,td{{text-align:left;padding:.35rem .75rem .35rem 0;border-bottom:1px solid #8884}}
td{{overflow-wrap:anywhere}} time{{white-space:nowrap;font-variant-numeric:tabular-nums}} pre{{white-space:pre-wrap;font:inherit}}
iframe{{width:100%;height:32rem;border:1px solid #8886;background:#fff}} input,button{{font:inherit;padding:.25rem .5rem}}
</style><h1>{title}</h1>{body}</html>"""


class MailPages(BaseHTTPRequestHandler):
    server_version = "MailCatcher"

    def __init__(self, folder: Any, *args: Any) -> None:
        self.folder = folder
        super().__init__(*args)

    @classmethod
    def showing(cls, folder: Any) -> Callable[..., "MailPages"]:
        """The class as a server wants it: called once per request."""
        return partial(cls, folder)

    def do_GET(self) -> None:
        # Pages of other sites that point a name of theirs at this machine get nothing.
        host = (self.headers.get("Host") or "").rsplit(":", 1)[0]
        url = urlsplit(self.path)
        one = re.fullmatch(r"/(\d{20})(/html)?", url.path)
        try:
            if host not in {"localhost", "127.0.0.1"}:
                self._answer("<p>Open this page as localhost.</p>", title="Not here", status=HTTPStatus.FORBIDDEN)
            elif url.path == "/":
                self._answer(_list(self.folder, parse_qs(url.query).get("q", [""])[0]), title="Mails that were sent")
            elif one and one[2]:
                self._send(_html_part(self.folder.mail(one[1])), csp=MAIL_CSP)
            elif one:
                mail = self.folder.mail(one[1])
                self._answer(_mail(one[1], mail), title=escape(str(mail["Subject"] or "(no subject)")))
            else:
                self._not_found()
        except FileNotFoundError:
            self._not_found()

    def _not_found(self) -> None:
        self._answer('<p>There is no such mail. <a href="/">All mails</a></p>', title="Not found", status=HTTPStatus.NOT_FOUND)

    def _answer(self, body: str, *, title: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        self._send(PAGE.format(title=title, body=body), csp=OWN_CSP, status=status)

    def _send(self, page: str, *, csp: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        content = page.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Security-Policy", csp)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        self.wfile.write(content)

    def log_request(self, *args: Any) -> None:
        """Pages that were looked at are no news; errors still are."""


def _list(folder: Any, query: str) -> str:
    ids = folder.ids()
    rows, found = [], 0
    for mail_id in ids[: SEARCHED if query else SHOWN]:
        mail = folder.headers(mail_id)
        to, subject = str(mail["To"] or ""), str(mail["Subject"] or "(no subject)")
        if query.casefold() in f"{to} {subject}".casefold():
            found += 1
            link = f'<a href="/{mail_id}">{escape(subject)}</a>'
            rows.append(f"<tr><td>{_time(mail_id)}</td><td>{escape(to)}</td><td>{link}</td></tr>")
    search = f'<form role="search"><label>To or subject <input name="q" value="{escape(query)}"></label> <button>Find</button></form>'
    if not ids:
        return "<p>No mail yet. Publish a notice, and what its readers get appears here. Nothing leaves this machine.</p>"
    count = f"{found:,} found." if query else f"{len(ids):,} kept, the newest {len(rows)} shown."
    head = "<thead><tr><th>Sent</th><th>To</th><th>Subject</th></tr></thead>"
    return f"{search}<p>{count} Nothing leaves this machine.</p><table>{head}{''.join(rows[:SHOWN])}</table>"


def _mail(mail_id: str, mail: EmailMessage) -> str:
    facts = "".join(f"<tr><th>{name}</th><td>{escape(str(mail[name] or ''))}</td></tr>" for name in ("From", "To", "Date", "Message-ID"))
    text = mail.get_body(("plain",))
    parts = [f'<p><a href="/">All mails</a></p><table>{facts}</table>']
    if text is not None:
        parts.append(f"<h2>Text</h2><pre>{_with_links(text.get_content())}</pre>")
    if mail.get_body(("html",)) is not None:
        parts.append(f'<h2>HTML</h2><iframe src="/{mail_id}/html" title="The mail as HTML"></iframe>')
    return "".join(parts)


def _html_part(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    if part is None:
        raise FileNotFoundError
    return f'<!doctype html><base target="_blank">{part.get_content()}'  # links open beside the sandbox


def _with_links(text: str) -> str:
    parts, end = [], 0
    for match in LINK.finditer(text):
        url = escape(match[0])
        parts += [escape(text[end : match.start()]), f'<a href="{url}" target="_blank" rel="noreferrer">{url}</a>']
        end = match.end()
    return "".join(parts) + escape(text[end:])


def _time(mail_id: str) -> str:
    moment = datetime.fromtimestamp(int(mail_id) / 1e9).astimezone()
    return f'<time datetime="{moment.isoformat()}">{moment:%d %b %H:%M:%S}</time>'
