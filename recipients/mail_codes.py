"""What the codes mean with which mail servers say why a mail came back (RFC 3463), in words for whoever mends an address."""

from django.utils.translation import gettext as _


def in_words(code: str) -> str:
    """One sentence, with the code for whoever asks the operator of a mail server."""
    words = _words(code)
    return _("%(words)s (%(code)s).") % {"words": words.rstrip("."), "code": code} if code else words


def _words(code: str) -> str:
    kind, _dot, detail = code.partition(".")
    return _details().get(detail) or _subjects(kind).get(detail.partition(".")[0]) or _("The mail server did not say why.")


def _details() -> dict[str, str]:
    return {
        "1.1": _("There is no such mailbox."),
        "1.2": _("There is no such mail domain."),
        "1.3": _("The address is written wrongly."),
        "1.6": _("The mailbox has moved."),
        "1.10": _("There is no such mailbox."),
        "2.1": _("The mailbox is closed."),
        "2.2": _("The mailbox is full."),
        "2.3": _("The mail is too long for this mailbox."),
        "3.4": _("The mail is too long for the server."),
        "4.1": _("No mail server answers for this address."),
        "4.4": _("There is no such mail domain."),
        "4.7": _("The mail server tried for too long."),
    }


def _subjects(kind: str) -> dict[str, str]:
    return {
        "1": _("The address is refused."),
        "2": _("The mailbox takes no mail."),
        "3": _("The mail server has a problem of its own."),
        "4": _("The mail found no way to the mailbox."),
        "5": _("The mail servers did not understand each other."),
        "6": _("The mail server does not take what the mail holds."),
        "7": _("The mail server refuses mail from here, by its rules.") if kind == "5" else _("The mail server held the mail back."),
    }
