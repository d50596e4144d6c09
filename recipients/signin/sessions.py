"""Sessions in the database. `SESSION_ENGINE` names this module."""

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils.crypto import get_random_string

from recipients.signin.models import Session


class SessionStore(DatabaseStore):
    _unsaved = False

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        row: Any = super().create_model_instance(data)
        person = data.get(SESSION_KEY)
        row.person_id = None if person is None else int(person)
        return row

    def cycle_key(self) -> None:
        """A new key, stored once: with what else the request puts into the session, at its end."""
        data, old = self._session, self.session_key
        self._session_key = self._get_new_session_key()
        self._session_cache = data
        self.modified = self._unsaved = True
        if old:
            self.delete(old)

    def _get_new_session_key(self) -> str:
        """165 random bits: asking whether someone has them already would cost more than it could ever find."""
        return get_random_string(32, VALID_KEY_CHARS)

    def save(self, must_create: bool = False) -> None:
        super().save(must_create=must_create or self._unsaved)
        self._unsaved = False
