from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RecipientsConfig(AppConfig):
    name = "recipients"
    verbose_name = _("Audience")

    def ready(self) -> None:
        from audit import sentences  # noqa: PLC0415 - they need the models
        from recipients import trail  # noqa: PLC0415

        sentences.register(trail.WORDS)
