"""The Celery application. What a task does is decided by rows in the database; messages only wake workers up."""

import os

from celery import Celery
from celery.signals import celeryd_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")

app = Celery("backoffice", task_cls="audit.celery:AttributedTask")
# Every CELERY_* name in the settings; each is explained there.
app.config_from_object("django.conf:settings", namespace="CELERY")
# The `tasks` module of every installed app.
app.autodiscover_tasks()


@celeryd_init.connect
def give_workers_a_pulse(**_: object) -> None:
    from backoffice.health.pulse import Pulse  # noqa: PLC0415 - workers alone need it, and it takes half a second

    app.steps["consumer"].add(Pulse)
