"""The Celery application. What a task does is decided by rows in the database; messages only wake workers up."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")

app = Celery("backoffice", task_cls="audit.celery:AttributedTask")
# Every CELERY_* name in the settings; each is explained there.
app.config_from_object("django.conf:settings", namespace="CELERY")
# The `tasks` module of every installed app.
app.autodiscover_tasks()
