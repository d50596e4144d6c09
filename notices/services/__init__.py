from notices.services.audience_keys import AudienceKeyService
from notices.services.delivery import DeliveryService
from notices.services.following import FollowingService
from notices.services.notices import NoticeService
from notices.services.reminding import ReminderService

__all__ = ["AudienceKeyService", "DeliveryService", "FollowingService", "NoticeService", "ReminderService"]
