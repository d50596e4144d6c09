"""What a check answers: what is wrong, since when, and what mends it."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import TextChoices
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

WORKER = "celery -A backoffice worker --loglevel INFO --without-heartbeat --without-gossip --without-mingle"
CLOCK = "celery -A backoffice beat --loglevel INFO"


class Group(TextChoices):
    """In the order in which somebody who looks for a cause should read."""

    SETUP = "set-up", gettext_lazy("Set-up")
    MACHINE = "machine", gettext_lazy("This machine")
    DATABASE = "database", gettext_lazy("Database")
    WORK = "work", gettext_lazy("Background work")
    MAIL = "mail", gettext_lazy("Mail")
    NOTICES = "notices", gettext_lazy("Notices")
    TRAIL = "trail", gettext_lazy("Trail and seals")


class Level(TextChoices):
    PROBLEM = "problem", gettext_lazy("Wrong")
    NOTE = "note", gettext_lazy("Worth knowing")


@dataclass(frozen=True, slots=True)
class Finding:
    """Two sentences. The second is the exact command or page that mends it."""

    text: str
    remedy: str
    level: Level = Level.PROBLEM


def since(moment: datetime, now: datetime) -> str:
    """`now` is the database's, as `moment` is."""
    told = {"moment": date_format(timezone.localtime(moment), "DATETIME_FORMAT"), "length": timesince(moment, now).replace("\xa0", " ")}
    return _("since %(moment)s (%(length)s)") % told


def in_words(error: Exception) -> str:
    """One line of what an exception says, without the full stop. PostgreSQL adds a question to its answer, which goes."""
    said = " ".join(str(error).split()).partition(" Is the server running")[0]
    return said.rstrip(".") or type(error).__name__
