from django.apps import AppConfig


class BackofficeConfig(AppConfig):
    name = "backoffice"

    def ready(self) -> None:
        from backoffice import celery, checks  # noqa: F401, PLC0415 - registering is their point
