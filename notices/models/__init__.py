from notices.models.approval import PINNED_FIELDS, Approval, ApprovalMail
from notices.models.audience import (
    AudienceChange,
    AudienceKey,
    NoticeAdditionalRecipient,
    NoticeRecipient,
    NoticeRecipientGroup,
    UnreadCount,
)
from notices.models.delivery import Delivery
from notices.models.grants import NoticeRolePermission, NoticeUserPermission
from notices.models.notice import Attachment, Category, Notice, TrashedNotice
from notices.models.reading import Favourite, ReadAcknowledgment

__all__ = [
    "PINNED_FIELDS",
    "Approval",
    "ApprovalMail",
    "Attachment",
    "AudienceChange",
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
    "UnreadCount",
]
