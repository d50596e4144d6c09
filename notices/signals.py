"""Side effects of saving and deleting notices, one call each."""

from typing import Any

from django.core.cache import cache
from django.db.models.signals import post_delete, post_save, pre_delete, pre_save
from django.dispatch import receiver

from backoffice.signals import post_soft_delete, pre_soft_delete
from notices.events import approval_recorded, audience_changed, mails_wait, notice_published, reminders_wait
from notices.models import Approval, Notice
from notices.rendering import cache_key
from notices.services.trash import refuse_deletion, refuse_group_deletion
from notices.tasks import remind, send_notice_notifications, tell_of_approval
from recipients.models import RecipientGroup


@receiver(pre_save, sender=Notice, dispatch_uid="notices.validate_before_save")
def validate_before_save(sender: type[Notice], instance: Notice, raw: bool = False, **kwargs: Any) -> None:
    if not raw:
        instance.clean()


@receiver(post_save, sender=Notice, dispatch_uid="notices.drop_cache_after_save")
def drop_cache_after_save(sender: type[Notice], instance: Notice, raw: bool = False, **kwargs: Any) -> None:
    cache.delete(cache_key(instance.pk))


@receiver((pre_delete, pre_soft_delete), sender=Notice, dispatch_uid="notices.refuse_to_delete_published")
def refuse_to_delete_published(sender: type[Notice], instance: Notice, **kwargs: Any) -> None:
    # As it is now: it may have been published since `instance` was read.
    refuse_deletion(Notice.all_objects.select_for_update().filter(pk=instance.pk).first() or instance)


@receiver(pre_soft_delete, sender=RecipientGroup, dispatch_uid="notices.refuse_to_delete_addressed_group")
def refuse_to_delete_addressed_group(sender: type[RecipientGroup], instance: RecipientGroup, user: Any = None, **kwargs: Any) -> None:
    refuse_group_deletion(instance, actor=user)


@receiver((post_delete, post_soft_delete), sender=Notice, dispatch_uid="notices.drop_cache_after_delete")
def drop_cache_after_delete(sender: type[Notice], instance: Notice, **kwargs: Any) -> None:
    cache.delete(cache_key(instance.pk))


@receiver(approval_recorded, dispatch_uid="notices.wake_the_worker_for_an_approval")
def wake_the_worker_for_an_approval(sender: type[Approval], approval_id: int, **kwargs: Any) -> None:
    tell_of_approval.delay(approval_id)


@receiver((notice_published, audience_changed, mails_wait), dispatch_uid="notices.wake_the_worker")
def wake_the_worker(sender: type[Notice], notice_id: int, **kwargs: Any) -> None:
    send_notice_notifications.delay(notice_id)


@receiver(reminders_wait, dispatch_uid="notices.wake_the_worker_for_reminders")
def wake_the_worker_for_reminders(sender: type[Notice], **kwargs: Any) -> None:
    remind.delay()
