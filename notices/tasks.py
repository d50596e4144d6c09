"""Tasks are doors too: ids in, a count out, one service each. Every task may run twice, or never."""

from celery import shared_task

from audit.seals.epochs import why_sending_is_off
from notices.models import ApprovalMail, Delivery, Notice, ReminderMail
from notices.services.approval_mail import ApprovalMailService
from notices.services.bounce_mailbox import take_from_mailbox
from notices.services.delivery import DeliveryService
from notices.services.following import FollowingService
from notices.services.publishing import PublishingMixin
from notices.services.reminding import ReminderService
from notices.services.sending.claims import settle


@shared_task(name="notices.send_notice_notifications")
def send_notice_notifications(notice_id: int) -> int:
    """Mail what is owed for one notice, turn by turn, so that other notices have theirs. Returns how many this one dealt with."""
    done = DeliveryService.deliver(notice_id)
    if done and DeliveryService.is_due(notice_id):
        send_notice_notifications.delay(notice_id)
    return done


@shared_task(name="notices.send_one_turn")
def send_one_turn(notice_id: int) -> int:
    """The same for one turn alone: asked for by every sweep, each would otherwise leave one more going on."""
    return DeliveryService.deliver(notice_id)


@shared_task(name="notices.publish_due")
def publish_due() -> int:
    """Publish the scheduled notices whose moment has come. Returns how many were published."""
    if why_sending_is_off():
        return 0
    due = Notice.objects.due_for_publication().order_by("publish_at").values_list("pk", flat=True)
    return sum(PublishingMixin.publish_due(pk) for pk in due)


@shared_task(name="notices.tell_of_approval")
def tell_of_approval(approval_id: int) -> int:
    """Mail what is owed about one step of an approval. Returns how many mails were dealt with."""
    return ApprovalMailService.send(approval_id)


@shared_task(name="notices.follow_audiences")
def follow_audiences() -> int:
    """Tell whoever came into the audience of what is on show, and ask no more of who went. Returns how many that were."""
    followed = FollowingService.follow()
    for notice_id in followed.to_mail:
        send_one_turn.delay(notice_id)
    return followed.changed


@shared_task(name="notices.compare_audiences")
def compare_audiences(after: int = 0) -> int:
    """Mend what following missed, notice by notice and turn by turn. Returns how many people that were."""
    if why_sending_is_off():
        return 0
    followed, go_on_after = FollowingService.compare_some(after)
    for notice_id in followed.to_mail:
        send_one_turn.delay(notice_id)
    if go_on_after is not None:
        compare_audiences.delay(go_on_after)
    return followed.changed


@shared_task(name="notices.note_reminders")
def note_reminders() -> int:
    """Note who is to be reminded of what by now. Returns how many that are."""
    return ReminderService.note()


@shared_task(name="notices.remind")
def remind() -> int:
    """Make mails for those at work now of what waits for them, and see that they leave. Returns how many it made."""
    opened = ReminderService.gather()
    if opened:
        send_reminders.delay()
    elif ReminderService.is_due():
        send_one_turn_of_reminders.delay()
    return opened


@shared_task(name="notices.send_reminders")
def send_reminders() -> int:
    """Send what is due, turn by turn. Returns how many mails were dealt with."""
    done = ReminderService.send()
    if done and ReminderService.is_due():
        send_reminders.delay()
    return done


@shared_task(name="notices.send_one_turn_of_reminders")
def send_one_turn_of_reminders() -> int:
    """The same for one turn alone, asked for each minute while any are due."""
    return ReminderService.send()


@shared_task(name="notices.sweep")
def sweep() -> int:
    """Find what was lost: hints, workers that died, publications without deliveries. Returns how many notices were woken."""
    for approval_id in ApprovalMailService.due():
        tell_of_approval.delay(approval_id)
    settle([Delivery, ApprovalMail, ReminderMail])
    notice_ids = DeliveryService.mend()
    for notice_id in notice_ids:
        send_one_turn.delay(notice_id)
    return len(notice_ids)


@shared_task(name="notices.take_bounces")
def take_bounces() -> int:
    """Look into the mailbox of bounces, if one is set. Returns how many messages were taken."""
    return take_from_mailbox()
