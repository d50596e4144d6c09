"""The doors through which a change can come."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Source(models.TextChoices):
    """Through which door a change came."""

    FORM = "form", _("Back office")
    INBOX = "inbox", _("Inbox")
    IMPORT = "import", _("Import")
    TASK = "task", _("Background task")
    COMMAND = "command", _("Command")
    PROGRAM = "program", _("Program")
    NONE = "", _("Unattributed")
