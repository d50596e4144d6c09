"""Is the trail sealed, by a key that counts, and does the anchor agree? Nothing sealed is read: `verify_audit` does that."""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.urls import reverse
from django.utils.translation import gettext as _

from audit.models import Seal
from audit.seals import epochs, keys
from audit.seals.standing import Standing, compare_with_anchor, look_at_last_verification
from audit.seals.verifying import LATE
from backoffice.health import Finding, Group, Level, check
from backoffice.health.figures import Figure, figures
from backoffice.health.findings import in_words, since

# OFFSET 0, or PostgreSQL may walk all entries by their moments, of which the unsealed are the last.
TAIL = """
    SELECT s.sealed_at,
           (SELECT min(at) FROM (SELECT at FROM audit_entry WHERE history_stamp >= coalesce(s.to_stamp, 0) OFFSET 0) e),
           clock_timestamp()
    FROM (SELECT 1) one LEFT JOIN LATERAL (SELECT sealed_at, to_stamp FROM audit_seal ORDER BY number DESC LIMIT 1) s ON true
"""


@check("sending", Group.TRAIL, on_card=True)
def sending() -> Iterator[Finding]:
    """After an older copy of the database was restored, nothing is sealed or sent until a person says so."""
    try:
        why = epochs.why_sending_is_off()
    except (OSError, ImproperlyConfigured) as error:
        yield Finding(
            _("The anchor of the seals cannot be read, so nothing is sealed and no mail is sent: %(error)s.") % {"error": in_words(error)},
            _("Let the account that runs web and worker read AUDIT_ANCHOR_FILE, which is %(file)s.") % {"file": settings.AUDIT_ANCHOR_FILE},
        )
        return
    if why:
        page = settings.SITE_URL + reverse("admin:audit_seals")
        yield Finding(
            _("Nothing is sealed and no mail is sent. %(why)s") % {"why": why},
            _('Look at the mails that wait: some may have left already. Then “manage.py start_epoch --reason "…"”, or %(page)s.')
            % {"page": page},
        )


@check("seals", Group.TRAIL, on_card=True)
def seals() -> Iterator[Finding]:
    _sealed, oldest, now = _tail()
    if oldest and now - oldest > LATE:
        yield Finding(
            _("Changes wait for a seal %(since)s.") % {"since": since(oldest, now)},
            _("See to clock and workers, which seal every minute. “manage.py seal_audit” seals at once, or says what keeps it."),
        )


@check("signing key", Group.TRAIL)
def signing_key() -> Iterator[Finding]:
    try:
        trusted = keys.trusted_keys()
    except ImproperlyConfigured as error:
        yield Finding(
            _("Nothing can be sealed: %(error)s.") % {"error": in_words(error)},
            _("Put the key back where AUDIT_SIGNING_KEY_FILE says; only if it is lost, make one with “openssl rand -base64 32”."),
        )
        return
    head = Seal.objects.order_by("-number").first()
    if head is not None and head.key_id not in trusted:
        yield Finding(
            _("Seal %(number)s was made with the key %(key)s, which does not count any more.")
            % {"number": head.number, "key": head.key_id},
            _("Add the public key of that time to AUDIT_TRUSTED_KEYS: “manage.py seal_audit --public-key” printed it while it was in use."),
        )


@check("anchor", Group.TRAIL)
def anchor() -> Iterator[Finding]:
    head = Seal.objects.order_by("-number").first()
    try:
        agrees, says = compare_with_anchor(head)
    except (OSError, ImproperlyConfigured):
        return  # told by the checks before
    if head is not None and not agrees:
        yield Finding(
            _("The anchor and the seals differ. %(says)s") % {"says": says},
            _(
                "See that AUDIT_ANCHOR_FILE (%(file)s) is the file it always was. "
                "If it is, run “manage.py verify_audit”, and read what it says."
            )
            % {"file": settings.AUDIT_ANCHOR_FILE},
        )


@check("verification", Group.TRAIL)
def verification() -> Iterator[Finding]:
    found = Standing(None)
    look_at_last_verification(found)
    remedy = _("Run “manage.py verify_audit” each night, and have someone read what it says.")
    yield from (Finding(sentence, remedy) for sentence in found.problems)
    yield from (Finding(sentence, remedy, Level.NOTE) for sentence in found.reservations)


@figures
def of_seals() -> Iterator[Figure]:
    sealed, oldest, now = _tail()
    if sealed:
        yield Figure.of("seal_age_seconds", "Since the last seal; there is none while nothing changes.", (now - sealed).total_seconds())
    waiting = (now - oldest) if oldest else timedelta(0)
    yield Figure.of("unsealed_seconds", "For how long the oldest change has waited for a seal.", max(0.0, waiting.total_seconds()))
    try:
        is_off = bool(epochs.why_sending_is_off())
    except (OSError, ImproperlyConfigured):
        is_off = True
    yield Figure.of(
        "sending_is_off", "1 while nothing is sealed or sent: an older copy of the database was restored, or the anchor is away.", is_off
    )


def _tail() -> tuple:
    """When the last seal was made, since when the oldest unsealed change waits, and the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute(TAIL)
        return cursor.fetchone()
