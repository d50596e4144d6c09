"""What the services refuse. Each message is a sentence for the person at the screen."""

from django.core.exceptions import ValidationError


class RecipientError(ValidationError):
    """The act is not possible now; the message says why and what to do."""

    def __str__(self) -> str:
        return " ".join(self.messages)


class StaleGrants(RecipientError):  # noqa: N818 - named after what is found, as Django names `PermissionDenied`
    """Someone else gave or took a right since the page was opened."""
