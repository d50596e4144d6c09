"""`TwoFactorService`: codes from a phone, and codes on paper for when it is lost."""

import re
import secrets
from base64 import b32encode
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django_otp.plugins.otp_totp.models import TOTPDevice

from audit.attribution import acting
from backoffice import clock
from recipients.signin import counting
from recipients.signin.counting import Limit
from recipients.signin.models import RecoveryCode

CODES = 10
CODE_BYTES = 10  # 80 bits, which nobody guesses
KEY_BYTES = 20  # as RFC 4226 recommends


class CodeRefusedError(ValidationError):
    """The code is wrong, used, or it was tried too often (then `until` says how long to wait)."""

    def __init__(self, message: str, *, until: datetime | None = None) -> None:
        super().__init__(message)
        self.until = until


class TwoFactorService:
    @staticmethod
    def is_set_up(person: Any) -> bool:
        """Asked anew, except of somebody who was found by name a moment ago, to sign in."""
        if (told := person.__dict__.pop("has_second_step", None)) is not None:
            return told
        return TOTPDevice.objects.filter(user=person, confirmed=True).exists()

    @staticmethod
    def codes_left(person: Any) -> int:
        return RecoveryCode.objects.filter(user=person, used_at=None).count()

    @staticmethod
    def new_key() -> str:
        return secrets.token_hex(KEY_BYTES)

    @staticmethod
    @transaction.atomic
    def set_up(person: Any, key: str, code: str) -> list[str]:
        """Ask for codes of `key` from now on, once `code` shows that the phone makes them. Returns the recovery codes.

        Raises:
            CodeRefusedError: the code is not one of this key.
            ValidationError: there is a phone already.
        """
        _lock(person)
        if TwoFactorService.is_set_up(person):
            raise ValidationError(_("Your account has a second step already. Turn it off first."))
        with acting(person):
            device = TOTPDevice.objects.create(user=person, key=key, name="phone")
            if not device.verify_token(_digits(code)):
                raise CodeRefusedError(
                    _("That is not the code that belongs to this key now. Check the time on your phone, and try the next one.")
                )
            return _fresh_codes(person)

    @staticmethod
    def check(person: Any, code: str, limits: list[Limit]) -> None:
        """Accept `code`, from the phone or from paper, once. `limits` say how often it may be wrong.

        Raises:
            CodeRefusedError: it is wrong, was used before, or there were too many wrong ones.
        """
        standing = counting.standing(limits)
        if standing.refused_until:
            raise _too_often(standing.refused_until)
        if _accept(person, code):
            if standing.has(limits[0]):
                counting.forget(limits[0])
            return
        if until := counting.count_failure(limits):
            raise _too_often(until)
        raise CodeRefusedError(_("That code is wrong or was used already. Wait for the next one, or use a recovery code."))

    @staticmethod
    @transaction.atomic
    def new_codes(person: Any) -> list[str]:
        """Make new recovery codes; the old ones are worth nothing from now on."""
        _lock(person)
        with acting(person):
            return _fresh_codes(person)

    @staticmethod
    @transaction.atomic
    def turn_off(person: Any, *, actor: Any, reason: str = "") -> bool:
        """Take the second step away. Returns whether there was one. Who may do that to another is asked by who calls."""
        _lock(person)
        with acting(actor, reason=reason):
            RecoveryCode.objects.filter(user=person).delete()
            return bool(TOTPDevice.objects.filter(user=person).delete()[0])


def _lock(person: Any) -> None:
    get_user_model()._default_manager.select_for_update().only("pk").get(pk=person.pk)


@transaction.atomic
def _accept(person: Any, code: str) -> bool:
    """The row is locked, so of two requests with the same code one comes too late."""
    device = TOTPDevice.objects.select_for_update().filter(user=person, confirmed=True).first()
    if device is None:
        return False
    if re.fullmatch(r"\d{6}", digits := _digits(code)):
        return device.verify_token(digits)
    with acting(person):
        return bool(RecoveryCode.objects.filter(user=person, digest=_digest(person, code), used_at=None).update(used_at=clock.now()))


def _digits(code: str) -> str:
    return re.sub(r"\s", "", code)


def _digest(person: Any, code: str) -> str:
    plain = re.sub(r"[\s-]", "", code).lower()
    return sha256(f"{person.pk}:{plain}".encode()).hexdigest()


def _fresh_codes(person: Any) -> list[str]:
    codes = ["-".join(re.findall("....", b32encode(secrets.token_bytes(CODE_BYTES)).decode().lower())) for _number in range(CODES)]
    RecoveryCode.objects.filter(user=person).delete()
    RecoveryCode.objects.bulk_create(RecoveryCode(user=person, digest=_digest(person, code)) for code in codes)
    return codes


def _too_often(until: datetime) -> CodeRefusedError:
    return CodeRefusedError(_("There were too many wrong codes. Wait, or ask an administrator to reset your second step."), until=until)
