from notices.models.audience import AudienceKey, NoticeAdditionalRecipient, NoticeRecipient, NoticeRecipientGroup
from notices.models.delivery import Delivery
from notices.models.grants import NoticeRolePermission, NoticeUserPermission
from notices.models.notice import Attachment, Category, Notice, TrashedNotice
from notices.models.reading import Favourite, ReadAcknowledgment

__all__ = [
    "Attachment",
    "AudienceKey",
    "Category",
    "Delivery",
    "Favourite",
    "Notice",
    "NoticeAdditionalRecipient",
    "NoticeRecipient",
    "NoticeRecipientGroup",
    "NoticeRolePermission",
    "NoticeUserPermission",
    "ReadAcknowledgment",
    "TrashedNotice",
]
