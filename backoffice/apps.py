from django.apps import AppConfig
from django.db.models.signals import post_migrate


class BackofficeConfig(AppConfig):
    name = "backoffice"

    def ready(self) -> None:
        from backoffice import celery, checks  # noqa: F401, PLC0415 - registering is their point
        from backoffice.broker import install_queue  # noqa: PLC0415 - it needs the settings
        from backoffice.health import checks as health_checks  # noqa: F401, PLC0415 - registering, again
        from backoffice.health import work_figures  # noqa: F401, PLC0415 - the same

        post_migrate.connect(install_queue, sender=self, dispatch_uid="backoffice.install_queue")
