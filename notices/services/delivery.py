"""Deliveries: owed at publication, sent by workers, and accounted for.

The database is the truth, and its clock the only one: a message that wakes a worker is a hint, and may be lost or repeated.
"""

import logging
from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.attribution import acting
from audit.seals.epochs import why_sending_is_off
from backoffice import clock
from notices.mail.texts import mailer_for
from notices.models import AudienceKey, Delivery, Notice, SendingPause
from notices.repositories import NoticeRepository
from notices.services import opting_out
from notices.services.approval_record import take_back, was_let_past_approval
from notices.services.audience_keys import AudienceKeyService
from notices.services.sending.claims import BATCH, Claim, Scope, claim
from notices.services.sending.working import MANY_REFUSED, work
from notices.services.steering import SteeringMixin
from recipients.audience import routes_sql
from recipients.repositories import address_parameters

logger = logging.getLogger(__name__)
State = Delivery.State

# In the order of its index, and without ON CONFLICT: the two make it 2.5 times as fast. `owe` holds the notice instead.
OWE = f"""
    INSERT INTO notices_delivery (notice_id, person_id, revision, kind, occasion, state, attempts, next_attempt_at, changed_at, reason)
    SELECT %(notice)s, u.id, %(revision)s, %(kind)s, %(occasion)s,
           CASE WHEN u.email = '' OR p.id IS NOT NULL OR o.id IS NOT NULL THEN 'suppressed' ELSE 'waiting' END,
           0, greatest(%(start)s, statement_timestamp()), statement_timestamp(),
           CASE WHEN u.email = '' THEN %(no_address)s WHEN p.id IS NOT NULL THEN %(address_fails)s
                WHEN o.id IS NOT NULL THEN %(declined)s ELSE '' END
    FROM recipients_user u LEFT JOIN recipients_addressproblem p ON p.person_id = u.id
    LEFT JOIN notices_mailoptout o ON o.user_id = u.id AND o.category_id = %(optional)s
    WHERE u.is_active AND u.id IN (SELECT user_id FROM ({routes_sql()}) r)
    AND NOT EXISTS (
        SELECT FROM notices_delivery d
        WHERE d.notice_id = %(notice)s AND d.revision = %(revision)s AND d.kind = %(kind)s AND d.occasion = %(occasion)s
        AND d.person_id = u.id
    )
    ORDER BY u.id
"""

# After a withdrawal, a pause or a change of the text nothing more is claimed. That is asked once and not of each mail:
# joined, it looks to the planner as if next to no mail were left, and all would be sorted for each claim.
OF_THIS_TEXT = """
    m.notice_id = %(notice)s AND m.revision = %(revision)s AND m.kind = %(kind)s AND m.occasion = %(occasion)s
    AND m.due_on IS NOT DISTINCT FROM %(due_on)s AND m.closed_at IS NULL
    AND EXISTS (
        SELECT FROM notices n
        WHERE n.id = %(notice)s AND n.status = 'published' AND NOT n.is_deleted
        AND n.revision = %(revision)s AND n.version = %(version)s
    )
    AND NOT EXISTS (SELECT FROM notices_sendingpause p WHERE p.notice_id = %(notice)s)
"""


class DeliveryService(SteeringMixin):
    @staticmethod
    @transaction.atomic
    def owe(notice: Notice, kind: str = Delivery.Kind.PUBLICATION, occasion: int = 0) -> int:
        """Write one delivery per person of the audience; repeating it adds nobody twice. Returns how many were added."""
        start = timezone.make_aware(datetime.combine(notice.start_date, datetime.min.time()), timezone.get_default_timezone())
        parameters = address_parameters(NoticeRepository.address_of(notice)) | {
            "notice": notice.pk,
            "revision": notice.revision,
            "kind": kind,
            "occasion": occasion,
            "start": start,
            "no_address": _("No e-mail address. The notice is in the inbox."),
            "address_fails": _("Mail to this address comes back. Correct it on the page of the person. The notice is in the inbox."),
            "declined": opting_out.reason(),
            "optional": notice.optional_category_id,
        }
        with connection.cursor() as cursor:
            cursor.execute("SELECT FROM notices WHERE id = %s FOR UPDATE", [notice.pk])
            cursor.execute(OWE, parameters)
            return cursor.rowcount

    @staticmethod
    def deliver(notice_id: int) -> int:
        """Send what is due for one notice until nothing is left, the mail server is away or the turn is over.

        Returns how many mails were dealt with. Several workers may do this at once.
        """
        notice = Notice.objects.select_related("category").filter(pk=notice_id, status=Notice.Status.PUBLISHED).first()
        if notice is None or DeliveryService._waits_for_an_epoch(notice_id):
            return 0
        return sum(DeliveryService._deliver(notice, *text) for text in NoticeRepository.texts_due(notice))

    @staticmethod
    def is_due(notice_id: int) -> bool:
        paused = SendingPause.objects.filter(notice=OuterRef("notice_id"))
        return Delivery.objects.due().filter(~Exists(paused), notice_id=notice_id).exists()

    @staticmethod
    def _deliver(notice: Notice, kind: str, occasion: int, due_on: date | None) -> int:
        with mailer_for(notice, kind, occasion, due_on) as mailer:
            turn = work(DeliveryService.scope(notice, kind, occasion, due_on), mailer)
        if turn.refused:
            DeliveryService._pause_refused(notice, turn.refused)
        return turn.done

    @staticmethod
    def scope(notice: Notice, kind: str = Delivery.Kind.PUBLICATION, occasion: int = 0, due_on: date | None = None) -> Scope:
        """The mails with the text that this notice has now, while it is on show and not paused. `due_on`: a day of their own."""
        of = {"notice": notice.pk, "revision": notice.revision, "version": notice.version, "kind": kind, "occasion": occasion}
        return Scope(Delivery, OF_THIS_TEXT, of | {"due_on": due_on})

    @staticmethod
    def claim(notice: Notice, *, batch: int = BATCH) -> Claim | None:
        """Take up to `batch` due deliveries of a publication, for the length of a lease."""
        return claim(DeliveryService.scope(notice), batch=batch)

    @staticmethod
    def _waits_for_an_epoch(notice_id: int) -> bool:
        """After an older copy of the database was restored, what it owes may have left already: it waits, and says why."""
        why = why_sending_is_off()
        if why:
            reason = _("Waits until an administrator starts a new epoch. %(why)s") % {"why": why}
            waiting = Delivery.objects.to_do().filter(notice_id=notice_id).exclude(reason=reason)
            waiting.update(reason=reason, changed_at=Now())
        return bool(why)

    @staticmethod
    def _pause_refused(notice: Notice, refused: str) -> None:
        reason = _("%(count)d mails in a row were refused, so the rest waits. %(refused)s") % {"count": MANY_REFUSED, "refused": refused}
        with transaction.atomic(), acting(None, reason=reason):
            SendingPause.objects.bulk_create([SendingPause(notice=notice, at=Now(), reason=reason)], ignore_conflicts=True)

    @staticmethod
    @transaction.atomic
    def mend() -> list[int]:
        """Repair what was lost. Returns the ids of the notices that have mails to send now."""
        DeliveryService._cancel_what_is_off_show()
        DeliveryService._cancel_what_is_closed()
        DeliveryService._drop_keys_of_what_is_off_show()
        DeliveryService._owe_for_publications_without_deliveries()
        due = Delivery.objects.due().filter(~Exists(SendingPause.objects.filter(notice=OuterRef("notice_id"))))
        return list(due.order_by("notice_id").values_list("notice_id", flat=True).distinct())

    @staticmethod
    def _cancel_what_is_off_show() -> None:
        """A mail that was put back into the queue after its notice was withdrawn, published anew, or ended, is sent no more."""
        on_show = Notice.objects.filter(pk=OuterRef("notice_id"), revision=OuterRef("revision"), status=Notice.Status.PUBLISHED)
        Delivery.objects.to_do().filter(~Exists(on_show)).update(
            state=State.CANCELLED, reason=_("The notice was withdrawn before the mail left."), changed_at=Now()
        )
        ended = Notice.objects.filter(pk=OuterRef("notice_id"), end_date__lt=clock.today())
        Delivery.objects.to_do().filter(Exists(ended)).update(
            state=State.CANCELLED, reason=_("The notice ended before the mail left."), changed_at=Now()
        )

    @staticmethod
    def _cancel_what_is_closed() -> None:
        """A mail that a worker held when its person left the audience, and put back into the queue, is sent no more."""
        Delivery.objects.to_do().closed().update(
            state=State.CANCELLED, reason=_("No longer in the audience when the mail was to leave."), changed_at=Now()
        )

    @staticmethod
    def _drop_keys_of_what_is_off_show() -> None:
        """`Notice.unpublish()` called on its own changes the state alone, and so leaves its keys behind."""
        published = Notice.objects.filter(pk=OuterRef("notice_id"), status=Notice.Status.PUBLISHED)
        AudienceKey.objects.filter(~Exists(published)).delete()

    @staticmethod
    def _owe_for_publications_without_deliveries() -> None:
        """`Notice.publish()` called on its own changes the state alone; this gives it the rest."""
        bare = Notice.objects.not_over().filter(~Exists(AudienceKey.objects.filter(notice=OuterRef("pk"))))
        for notice in bare.select_for_update(of=("self",), skip_locked=True).select_related("category"):
            if was_let_past_approval(notice):
                take_back(notice)
            elif NoticeRepository.address_of(notice):
                AudienceKeyService.refresh(notice)
                DeliveryService.owe(notice)
