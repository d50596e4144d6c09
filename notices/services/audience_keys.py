"""Keeps the audience keys: the read model behind every inbox."""

from django.db import connection, transaction

from notices.models import AudienceKey, Notice
from notices.repositories import AudienceKeyRepository
from notices.services.following.alone import wait_for_followers

_INSERT = f"""
    INSERT INTO notices_audiencekey ({AudienceKeyRepository.COLUMNS})
    SELECT {AudienceKeyRepository.COLUMNS} FROM ({AudienceKeyRepository.EXPECTED}) e
"""


class AudienceKeyService:
    @staticmethod
    @transaction.atomic
    def refresh(notice: Notice) -> None:
        """Make the keys of one notice what its audience and state say now: none unless published."""
        wait_for_followers()
        AudienceKey.objects.filter(notice=notice).delete()
        with connection.cursor() as cursor:
            cursor.execute(f"{_INSERT} WHERE notice_id = %s", [notice.pk])

    @staticmethod
    @transaction.atomic
    def rebuild() -> int:
        """Make all keys anew from the tables they are derived from. Returns their number."""
        wait_for_followers()
        with connection.cursor() as cursor:
            # Readers keep the old keys until this commits; writers of keys wait.
            cursor.execute("LOCK TABLE notices_audiencekey IN SHARE ROW EXCLUSIVE MODE")
            cursor.execute("DELETE FROM notices_audiencekey")
            cursor.execute(_INSERT)
            return cursor.rowcount
