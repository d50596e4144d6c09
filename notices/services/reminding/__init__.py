"""Reminders: of what is to be acknowledged, one mail a person a day, within working hours, until it is done."""

from typing import Any

from notices.services.reminding import calling, noting, sending
from notices.services.reminding.calling import Outstanding
from notices.services.reminding.planning import Plan, plan
from notices.services.reminding.record import Reminded, record, reminded_people, with_reminders

__all__ = ["Outstanding", "Plan", "Reminded", "ReminderService"]


class ReminderService:
    note = staticmethod(noting.note)
    gather = staticmethod(noting.gather)
    send = staticmethod(sending.send)
    is_due = staticmethod(sending.is_due)
    outstanding = staticmethod(calling.outstanding)
    plan = staticmethod(plan)
    record = staticmethod(record)
    reminded_people = staticmethod(reminded_people)
    with_reminders = staticmethod(with_reminders)

    @staticmethod
    def remind_outstanding(notice_id: int, *, actor: Any, reason: str = "") -> int:
        """Everyone who has not acknowledged, or not read where nothing is to be acknowledged. Returns how many people that are."""
        return calling.call(notice_id, actor=actor, reason=reason)

    @staticmethod
    def remind_one(notice_id: int, person: Any, *, actor: Any, reason: str = "") -> None:
        calling.call(notice_id, actor=actor, reason=reason, person=person)
