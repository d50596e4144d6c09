import pytest

from tests import makers


@pytest.fixture(autouse=True)
def _quick_hashing(settings):
    """Passwords by the hundred: what is slow on purpose has tests of its own."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]
    makers._hashed.cache_clear()
    yield
    makers._hashed.cache_clear()
