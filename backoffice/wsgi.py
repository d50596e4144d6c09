"""The door for a WSGI server: `gunicorn backoffice.wsgi`."""

import os

from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

from backoffice.health.ready import warm_up

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
application = get_wsgi_application()
warm_up()
if settings.PRODUCTION:
    # A server that may not serve does not start: no check of the database has been asked before this.
    call_command("check", databases=["default"])
