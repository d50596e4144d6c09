"""Settings, read from the environment; `docs/operators.md` lists every variable.

`ENVIRONMENT=local` (the default) serves this machine only and needs nothing.
`ENVIRONMENT=production` refuses to start until everything it needs is set.
"""

from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

import environ
from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _

from backoffice.broker import broker_settings
from backoffice.environment import bounce_mailbox, database, days, local_secret_key, mailer, require, secret_from, time_zone, working_hours
from backoffice.logs import logging_config
from backoffice.postgres import EmbeddedServer
from backoffice.sign_in_settings import *  # noqa: F403 - settings all of them; kept apart for their length
from backoffice.sign_in_settings import SIGN_IN_APPS

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

ENVIRONMENT = env("ENVIRONMENT", default="local")
if ENVIRONMENT not in {"local", "production"}:
    msg = f"ENVIRONMENT is “{ENVIRONMENT}”. Set it to “local” or “production”."
    raise ImproperlyConfigured(msg)
PRODUCTION = ENVIRONMENT == "production"
if PRODUCTION:
    require(
        env,
        "DATABASE_URL",
        ("SECRET_KEY", "SECRET_KEY_FILE"),
        "ALLOWED_HOSTS",
        "EMAIL_URL",
        "SITE_URL",
        "MEDIA_ROOT",
        ("AUDIT_SIGNING_KEY", "AUDIT_SIGNING_KEY_FILE"),
        "AUDIT_ANCHOR_FILE",
    )

DEBUG = env.bool("DEBUG", default=False)
VAR_DIR = Path(env("VAR_DIR", default=str(BASE_DIR / "var")))
VAR_DIR.mkdir(parents=True, exist_ok=True)
if secret_file := env("SECRET_KEY_FILE", default=""):
    SECRET_KEY = secret_from(Path(secret_file), "SECRET_KEY")
else:
    SECRET_KEY = env("SECRET_KEY", default="") or local_secret_key(VAR_DIR)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# The address people type; links in mails begin with it.
SITE_URL = env("SITE_URL", default="http://localhost:8000").rstrip("/")
ORGANISATION_NAME = env("ORGANISATION_NAME", default="Staff notices")

INSTALLED_APPS = [
    "backoffice",  # first: its templates override unfold's
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.inlines",
    "unfold.contrib.import_export",
    "unfold.contrib.guardian",
    "unfold.contrib.simple_history",
    "backoffice.admin_app.BackofficeAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django.forms",
    "import_export",
    "guardian",
    "simple_history",
    "js_asset",
    "django_prose_editor",
    "audit",
    *SIGN_IN_APPS,
    "recipients",
    "notices",
]
MIDDLEWARE = [
    "backoffice.health.probes.answer_probes",  # first: a probe has no session, no host name of ours, and no https
    "django.middleware.security.SecurityMiddleware",
    "backoffice.middleware.no_devices",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "recipients.signin.middleware.session_limits",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "audit.middleware.AttributionMiddleware",
    "recipients.signin.middleware.SecondStepFirst",
    "backoffice.middleware.nothing_private_is_stored",
    "backoffice.middleware.no_nul_in_the_address",
    "backoffice.middleware.time_zone_of_the_reader",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "backoffice.urls"
WSGI_APPLICATION = "backoffice.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.csp",
            ],
        },
    },
]

# -- Data ---------------------------------------------------------------------------------------
if url := env("DATABASE_URL", default=""):
    DATABASES = {"default": database(url)}
    EMBEDDED_POSTGRES = None
else:
    EMBEDDED_POSTGRES = EmbeddedServer(VAR_DIR / "postgres")
    EMBEDDED_POSTGRES.start()
    DATABASES = {"default": env.db_url_config(EMBEDDED_POSTGRES.url())}
DATABASES["default"]["HOST"] = unquote(DATABASES["default"].get("HOST") or "")
DATABASES["default"] |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 10)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": env.cache_url("CACHE_URL", default="locmemcache://")}

MEDIA_ROOT = env("MEDIA_ROOT", default=str(VAR_DIR / "media"))
MEDIA_URL = ""  # nothing is served by address: attachments go through a view that asks for permission
STATIC_URL = "/static/"
STATIC_ROOT = env("STATIC_ROOT", default=str(VAR_DIR / "static"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"  # compressing takes longer than a first look
    },
}
FILE_UPLOAD_PERMISSIONS = 0o640
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler", "backoffice.uploads.FullDiskUploadHandler"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
ATTACHMENT_MAX_BYTES = 10 * 1024 * 1024

# -- People -------------------------------------------------------------------------------------
AUTH_USER_MODEL = "recipients.User"
ANONYMOUS_USER_NAME = None  # guardian would create an account for it
# Days after which it is erased who a closed account belonged to; unset: never.
ERASE_LEAVERS_AFTER_DAYS = days(env("ERASE_LEAVERS_AFTER_DAYS", default=""))

# -- Language and time --------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", _("English"))]
TIME_ZONE = time_zone(env("TIME_ZONE", default="Europe/London"))  # the organisation's own; dates are days in it
USE_TZ = True
FORMAT_MODULE_PATH = "backoffice.formats"

# -- Safety in the browser ----------------------------------------------------------------------
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF, CSP.UNSAFE_EVAL],  # unfold's Alpine evaluates expressions
    "style-src": [CSP.SELF, CSP.UNSAFE_INLINE],  # unfold writes its colours into the page
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],  # `backoffice.sites` lets a pop-up of our own be one
    "frame-src": [CSP.SELF],
    "base-uri": [CSP.SELF],
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
if PRODUCTION:
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", default=False) else None
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=365 * 24 * 3600)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"

# -- Mail ---------------------------------------------------------------------------------------
EMAIL_URL = env("EMAIL_URL", default="smtp://localhost:1025")
MAILERS = {"default": mailer(EMAIL_URL)}
EMAIL_PER_MINUTE = env.int("EMAIL_PER_MINUTE", default=0)  # to the mail server, by all workers together; 0: as fast as it takes them
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="Staff notices <notices@example.org>")
# Where reports on mails that came back arrive; unset: nobody looks.
if mailbox_file := env("BOUNCE_MAILBOX_URL_FILE", default=""):
    BOUNCE_MAILBOX = bounce_mailbox(secret_from(Path(mailbox_file), "BOUNCE_MAILBOX_URL"))
else:
    BOUNCE_MAILBOX = bounce_mailbox(env("BOUNCE_MAILBOX_URL", default=""))

# -- Work in the background ---------------------------------------------------------------------
CELERY_BROKER_URL, CELERY_BROKER_TRANSPORT_OPTIONS = broker_settings(env("CELERY_BROKER_URL", default=None))
CELERY_ACCEPT_CONTENT = ["json"]  # never unpickle what a queue holds
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_IGNORE_RESULT = True  # outcomes are rows; there is no result backend
CELERY_TASK_ACKS_LATE = True  # a message lives until its task has ended
CELERY_TASK_REJECT_ON_WORKER_LOST = True  # a killed child gives the message back
CELERY_WORKER_PREFETCH_MULTIPLIER = 1  # nothing waits behind a long task
CELERY_WORKER_CONCURRENCY = 2
CELERY_WORKER_POOL = "backoffice.pool:TaskPool"  # outlives the death of an idle process
CELERY_TASK_SOFT_TIME_LIMIT = 540  # seconds; the task may tidy up …
CELERY_TASK_TIME_LIMIT = 600  # … then it is killed; less than the broker's visibility timeout
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 10.0
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False  # does not work on the queue in PostgreSQL, and costs a second polled one
CELERY_WORKER_HIJACK_ROOT_LOGGER = False  # the log has one form everywhere
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True  # a worker may start before the database
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CONNECTION_TIMEOUT = 1
# A page that publishes while the broker is away waits half a second, no more; the sweep repeats the hint.
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 2, "interval_start": 0.1, "interval_step": 0.2, "interval_max": 0.3}
# A scheduled notice that is later than this asks a person instead of going out at an hour nobody chose.
PUBLISH_GRACE = timedelta(minutes=env.int("PUBLISH_GRACE_MINUTES", default=60))
# People are reminded from Monday to Friday within these hours of their own day.
WORKING_HOURS = working_hours(env("WORKING_HOURS", default="09:00-17:00"))
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celerybeat-schedule")
# None of them expires: a worker compares that with its own clock, and one that is an hour off would do nothing at all.
CELERY_BEAT_SCHEDULE = {
    "tick": {"task": "backoffice.tick", "schedule": 30.0},
    "publish-due": {"task": "notices.publish_due", "schedule": 20.0},
    "sweep": {"task": "notices.sweep", "schedule": 30.0},
    "note-reminders": {"task": "notices.note_reminders", "schedule": 900.0},
    "remind": {"task": "notices.remind", "schedule": 60.0},
    "follow-audiences": {"task": "notices.follow_audiences", "schedule": 30.0},
    "compare-audiences": {"task": "notices.compare_audiences", "schedule": crontab(hour="3", minute="45")},
    "sweep-imports": {"task": "recipients.sweep_imports", "schedule": 30.0},
    "seal": {"task": "audit.seal", "schedule": 60.0},
    "sign-in-sweep": {"task": "signin.sweep", "schedule": crontab(minute="*/10")},
    "erase-leavers": {"task": "recipients.erase_leavers", "schedule": crontab(hour="2", minute="30")},
    "sweep-exports": {"task": "audit.sweep_exports", "schedule": 30.0},
    "forget-exports": {"task": "audit.forget_exports", "schedule": crontab(hour="3", minute="15")},
    "mail-anchor": {"task": "audit.mail_anchor", "schedule": crontab(hour="6", minute="0")},
    "take-bounces": {"task": "notices.take_bounces", "schedule": 180.0},
}

# -- Seals over the trail -----------------------------------------------------------------------
AUDIT_SIGNING_KEY = env("AUDIT_SIGNING_KEY", default="")  # 32 bytes in Base64; or the file that holds them
AUDIT_SIGNING_KEY_FILE = env("AUDIT_SIGNING_KEY_FILE", default=str(VAR_DIR / "keys" / "seals"))
AUDIT_TRUSTED_KEYS = env.list("AUDIT_TRUSTED_KEYS", default=[])  # public keys of earlier years
AUDIT_ANCHOR_FILE = env("AUDIT_ANCHOR_FILE", default=str(VAR_DIR / "anchors" / "seals.jsonl"))  # best on another machine's disk
AUDIT_ANCHOR_MAIL = env("AUDIT_ANCHOR_MAIL", default="")

# -- Metrics ------------------------------------------------------------------------------------
# Who may read /metrics; empty: nobody, there is no such page.
if metrics_token_file := env("METRICS_TOKEN_FILE", default=""):
    METRICS_TOKEN = secret_from(Path(metrics_token_file), "METRICS_TOKEN")
else:
    METRICS_TOKEN = env("METRICS_TOKEN", default="")

# -- History, import and export -----------------------------------------------------------------
SIMPLE_HISTORY_REVERT_DISABLED = True
SIMPLE_HISTORY_DATE_INDEX = False  # `audit.records` has the indexes
SIMPLE_HISTORY_ENABLED = False  # the database writes the rows (`audit.triggers`); its managers and pages read them
IMPORT_EXPORT_SKIP_ADMIN_LOG = True
IMPORT_EXPORT_IMPORT_PERMISSION_CODE = "import"
IMPORT_EXPORT_EXPORT_PERMISSION_CODE = "export"
IMPORT_EXPORT_USE_TRANSACTIONS = True

LOGGING = logging_config(json=env.bool("LOG_JSON", default=PRODUCTION), level=env("LOG_LEVEL", default="INFO"))

from backoffice.unfold import UNFOLD  # noqa: E402, F401 - it reverses addresses lazily; kept apart for its length
