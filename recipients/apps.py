from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RecipientsConfig(AppConfig):
    name = "recipients"
    verbose_name = _("Audience")

    def ready(self) -> None:
        from audit import access, sentences  # noqa: PLC0415 - they need the models
        from recipients import health, personal_data, signals, trail  # noqa: F401, PLC0415 - registering is the point of three

        sentences.register(trail.WORDS)
        access.name_page("personal data", _("Personal data"))
        access.name_page("import file", _("File of an import"))
