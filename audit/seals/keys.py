"""The key that signs seals, and those whose signatures count."""

import os
import secrets
from base64 import b64decode, b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

LENGTH = 32  # bytes of a key of Ed25519, private or public
PURPOSE = b"staff notices seal 1\0"  # so that a signature made for anything else is none of a seal


def sign(digest: bytes) -> tuple[bytes, str]:
    """The signature, and the name of the key that made it.

    Raises:
        ImproperlyConfigured: there is no usable key.
    """
    key = _signing_key()
    return key.sign(PURPOSE + digest), key_id(key.public_key())


def is_signed(digest: bytes, signature: bytes, by: str) -> bool:
    """Is it the signature of a key that we trust?"""
    key = trusted_keys().get(by)
    if key is None:
        return False
    try:
        key.verify(signature, PURPOSE + digest)
    except InvalidSignature:
        return False
    return True


def trusted_keys() -> dict[str, Ed25519PublicKey]:
    """The present key's and those of AUDIT_TRUSTED_KEYS, by their names."""
    keys = [Ed25519PublicKey.from_public_bytes(_decoded(text, "AUDIT_TRUSTED_KEYS")) for text in settings.AUDIT_TRUSTED_KEYS]
    return {key_id(key): key for key in [_signing_key().public_key(), *keys]}


def key_id(key: Ed25519PublicKey) -> str:
    return sha256(key.public_bytes_raw()).hexdigest()[:LENGTH]


def public_key() -> str:
    """The present public key as AUDIT_TRUSTED_KEYS takes it."""
    return b64encode(_signing_key().public_key().public_bytes_raw()).decode()


def _signing_key() -> Ed25519PrivateKey:
    if settings.AUDIT_SIGNING_KEY:
        return _key(settings.AUDIT_SIGNING_KEY, "AUDIT_SIGNING_KEY")
    path = Path(settings.AUDIT_SIGNING_KEY_FILE)
    try:
        if not settings.PRODUCTION:
            _make(path)
        return _key(path.read_text(encoding="ascii"), "AUDIT_SIGNING_KEY_FILE")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"The signing key cannot be read: {error}. AUDIT_SIGNING_KEY_FILE names a file that holds it."
        raise ImproperlyConfigured(msg) from error


@cache
def _key(text: str, name: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(_decoded(text, name))


def _decoded(text: str, name: str) -> bytes:
    try:
        key = b64decode(text.strip(), validate=True)
    except ValueError:
        key = b""
    if len(key) != LENGTH:
        msg = f"{name} is not {LENGTH} bytes in Base64. `openssl rand -base64 32` makes a signing key."
        raise ImproperlyConfigured(msg)
    return key


def _make(path: Path) -> None:
    """On a single machine the key is made when it is first needed. Whole or not at all, and by the first who comes."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{secrets.token_hex(4)}")
    with os.fdopen(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(b64encode(secrets.token_bytes(LENGTH)))
    try:
        path.hardlink_to(fresh)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
