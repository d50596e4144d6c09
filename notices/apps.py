from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class NoticesConfig(AppConfig):
    name = "notices"
    verbose_name = _("Notices")

    def ready(self) -> None:
        from audit import access, sentences  # noqa: PLC0415 - they need the models
        from audit.seals import counters  # noqa: PLC0415 - as above
        from notices import health, personal_data, signals, trail  # noqa: F401, PLC0415 - connecting and registering is the point of three
        from notices.models import Claim  # noqa: PLC0415 - as above
        from notices.roles import make_missing_roles  # noqa: PLC0415 - it needs the models

        sentences.register(trail.WORDS)
        counters.count(Claim)
        access.name_page("delivery", _("Delivery"))
        access.name_page("readers", _("Readers"))
        # The last app of all, so that the permissions of every app exist by then.
        post_migrate.connect(make_missing_roles, sender=self, dispatch_uid="notices.make_missing_roles")
