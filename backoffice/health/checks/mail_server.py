"""The mail server: would it take a mail now? It is greeted and left; nothing is sent."""

import smtplib
import ssl
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.mail import DNS_NAME
from django.utils.translation import gettext as _

from backoffice.health.bounded import within
from backoffice.health.findings import Finding, Group, in_words
from backoffice.health.registry import check

STEP, WHOLE = 5, 15  # seconds for a step of the dialogue, and for all of it: a server that drips defeats the first


@check("mail server", Group.MAIL, asks_database=False)
def mail_server() -> Iterator[Finding]:
    options: dict[str, Any] = settings.MAILERS["default"]["OPTIONS"]
    port = options.get("port") or (465 if options.get("use_ssl") else 587 if options.get("use_tls") else 25)
    told = {"server": f"{options['host']}:{port}"}
    try:
        if wrong := within(WHOLE, lambda: _greet(options, port)):
            text, remedy = wrong
            yield Finding(text % told, remedy % told)
    except ssl.SSLError as error:
        yield Finding(
            _("The certificate of the mail server %(server)s is not accepted: %(error)s.") % {**told, "error": in_words(error)},
            _("Use the name that stands in its certificate in EMAIL_URL, or let the server have a new certificate."),
        )
    except (smtplib.SMTPException, OSError) as error:
        yield Finding(
            _("The mail server %(server)s does not answer as it should: %(error)s. Mails wait and are tried again.")
            % {**told, "error": in_words(error)},
            _("Check host and port in EMAIL_URL, the firewall, and the mail server itself. Mails that wait leave by themselves then."),
        )


def _greet(options: dict[str, Any], port: int) -> tuple[str, str] | None:
    context = ssl.create_default_context()
    where: dict[str, Any] = {"host": options["host"], "port": port, "timeout": STEP, "local_hostname": DNS_NAME.get_fqdn()}
    with smtplib.SMTP_SSL(**where, context=context) if options.get("use_ssl") else smtplib.SMTP(**where) as smtp:
        code, answer = smtp.ehlo()
        if code != 250:  # noqa: PLR2004 - as SMTP says “fine”
            raise smtplib.SMTPHeloError(code, answer)
        if options.get("use_tls"):
            if not smtp.has_extn("starttls"):
                return (
                    _("The mail server %(server)s does not offer STARTTLS, which EMAIL_URL asks for: no mail leaves."),
                    _("Turn STARTTLS on there, or use smtp+ssl:// in EMAIL_URL if it expects TLS from the start."),
                )
            smtp.starttls(context=context)
            smtp.ehlo()
        return _sign_in(smtp, options)


def _sign_in(smtp: smtplib.SMTP, options: dict[str, Any]) -> tuple[str, str] | None:
    if not options.get("username"):
        return None
    try:
        smtp.login(options["username"], options["password"])
    except smtplib.SMTPNotSupportedError:
        return (
            _("The mail server %(server)s takes no password on this connection, but EMAIL_URL holds one: no mail leaves."),
            _("Use smtp+tls:// or smtp+ssl:// in EMAIL_URL, or leave name and password out."),
        )
    except smtplib.SMTPAuthenticationError:
        return (
            _("The mail server %(server)s refuses the name and password in EMAIL_URL: no mail leaves."),
            _("Correct them in EMAIL_URL (@ : / are written %%40 %%3A %%2F), then restart web and worker."),
        )
    return None
