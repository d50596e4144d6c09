from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    name = "audit"
    verbose_name = _("Compliance")

    def ready(self) -> None:
        from audit import checks, health  # noqa: F401, PLC0415 - registering them is the point of both
        from audit.personal_data import trail  # noqa: PLC0415 - it needs the models
        from audit.triggers import install  # noqa: PLC0415 - it needs the models

        # Sent when every table is there, and before the first app of ours writes a row.
        trail.register_own()
        post_migrate.connect(install, sender=self, dispatch_uid="audit.install")
