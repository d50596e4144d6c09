from notices.services.audience_keys import AudienceKeyService
from notices.services.delivery import DeliveryService
from notices.services.following import FollowingService
from notices.services.notices import NoticeService

__all__ = ["AudienceKeyService", "DeliveryService", "FollowingService", "NoticeService"]
