"""How people sign in: read by `settings`, kept apart for its length. docs/operators.md explains each variable."""

from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy

from backoffice.environment import secret_from

env = environ.Env()
IN_PRODUCTION = env("ENVIRONMENT", default="local") == "production"

SIGN_IN_APPS = [
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "recipients.signin",
]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # first: it asks whether a password may be tried at all
    "backoffice.backends.PolicyBackend",
    "guardian.backends.ObjectPermissionBackend",
]

# -- Passwords ----------------------------------------------------------------------------------
# New ones by the first; a stored one of another kind is hashed anew when its owner signs in.
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "CommonPasswordValidator", "NumericPasswordValidator")
] + [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    }
]
PASSWORD_RESET_TIMEOUT = 60 * 60  # seconds; the link is void at once when it was used, or somebody signed in
LOGIN_URL = reverse_lazy("login")
LOGIN_REDIRECT_URL = reverse_lazy("home")
LOGOUT_REDIRECT_URL = reverse_lazy("login")

# -- How often something may fail (the numbers are in `recipients.signin.throttle`) --------------
AXES_HANDLER = "recipients.signin.throttle.Handler"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "recipients.signin.addresses.client_address"
AXES_LOCKOUT_CALLABLE = "recipients.signin.views.pages.locked_out"
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # a try that is refused prolongs nothing
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
# How many proxies of ours stand in front, each adding to X-Forwarded-For. None: the header is anybody's to write.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=int(env.bool("BEHIND_PROXY", default=False)))

# -- Sessions -------------------------------------------------------------------------------------
SESSION_ENGINE = "recipients.signin.sessions"
SESSION_COOKIE_AGE = env.int("SESSION_IDLE_MINUTES", default=60) * 60  # from the last time it was used
SESSION_ABSOLUTE_MINUTES = env.int("SESSION_ABSOLUTE_MINUTES", default=12 * 60)
KNOWN_BROWSER_COOKIE_NAME = "__Host-browser" if IN_PRODUCTION else "browser"

# -- The second step ------------------------------------------------------------------------------
REQUIRE_TWO_FACTOR = env.bool("REQUIRE_TWO_FACTOR", default=IN_PRODUCTION)  # of everybody who may use the back office
OTP_TOTP_THROTTLE_FACTOR = 0  # `recipients.signin.throttle` counts; this one would lock a person out for days

# -- Sign-in by the organisation's own provider ----------------------------------------------------
OIDC_SERVER_URL = env("OIDC_SERVER_URL", default="").rstrip("/")
OIDC_CLIENT_ID = env("OIDC_CLIENT_ID", default="")
OIDC_CLIENT_SECRET = env("OIDC_CLIENT_SECRET", default="")
if secret_file := env("OIDC_CLIENT_SECRET_FILE", default=""):
    OIDC_CLIENT_SECRET = secret_from(Path(secret_file), "OIDC_CLIENT_SECRET")
if OIDC_SERVER_URL and not (OIDC_CLIENT_ID and OIDC_CLIENT_SECRET):
    msg = "OIDC_SERVER_URL is set, but OIDC_CLIENT_ID or OIDC_CLIENT_SECRET is not. Set all three, or none."
    raise ImproperlyConfigured(msg)
OIDC_NAME = env("OIDC_NAME", default="your organisation's account") if OIDC_SERVER_URL else ""
OIDC_EMPLOYEE_NUMBER_CLAIM = env("OIDC_EMPLOYEE_NUMBER_CLAIM", default="")
OIDC_SATISFIES_TWO_FACTOR = env.bool("OIDC_SATISFIES_TWO_FACTOR", default=False)
SOCIALACCOUNT_ADAPTER = "recipients.signin.sso.AccountAdapter"
SOCIALACCOUNT_STORE_TOKENS = False
ACCOUNT_EMAIL_VERIFICATION = "none"

__all__ = [name for name in globals() if name.isupper() and name != "IN_PRODUCTION"]
