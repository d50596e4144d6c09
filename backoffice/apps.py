from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate

from backoffice import clock


class BackofficeConfig(AppConfig):
    name = "backoffice"

    def ready(self) -> None:
        from backoffice import celery, checks  # noqa: F401, PLC0415 - registering is their point
        from backoffice.broker import install_queue  # noqa: PLC0415 - it needs the settings
        from backoffice.health import checks as health_checks  # noqa: F401, PLC0415 - registering, again
        from backoffice.health import work_figures  # noqa: F401, PLC0415 - the same

        connection_created.connect(clock.set_by, dispatch_uid="backoffice.clock")
        post_migrate.connect(install_queue, sender=self, dispatch_uid="backoffice.install_queue")
