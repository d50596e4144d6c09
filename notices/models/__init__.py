from notices.models.amendment import AmendedFile, Amendment
from notices.models.approval import PINNED_FIELDS, Approval, ApprovalMail
from notices.models.audience import (
    AudienceChange,
    AudienceKey,
    NoticeAdditionalRecipient,
    NoticeRecipient,
    NoticeRecipientGroup,
    UnreadCount,
)
from notices.models.bounce import Bounce
from notices.models.delivery import ClosedWhy, Delivery, DeliveryEvent, SendingPause
from notices.models.grants import NoticeRolePermission, NoticeUserPermission
from notices.models.moves import AudienceMove, MembershipDay
from notices.models.notice import Attachment, Category, Notice, TrashedNotice
from notices.models.opt_out import MailOptOut
from notices.models.outgoing import TO_DO, Claim, MailServer, MailState, OutgoingMail
from notices.models.reading import Favourite, ReadAcknowledgment
from notices.models.reminder import Needless, Reminder, ReminderCall, ReminderMail

__all__ = [
    "PINNED_FIELDS",
    "TO_DO",
    "AmendedFile",
    "Amendment",
    "Approval",
    "ApprovalMail",
    "Attachment",
    "AudienceChange",
    "AudienceKey",
    "AudienceMove",
    "Bounce",
    "Category",
    "Claim",
    "ClosedWhy",
    "Delivery",
    "DeliveryEvent",
    "Favourite",
    "MailOptOut",
    "MailServer",
    "MailState",
    "MembershipDay",
    "Needless",
    "Notice",
    "NoticeAdditionalRecipient",
    "NoticeRecipient",
    "NoticeRecipientGroup",
    "NoticeRolePermission",
    "NoticeUserPermission",
    "OutgoingMail",
    "ReadAcknowledgment",
    "Reminder",
    "ReminderCall",
    "ReminderMail",
    "SendingPause",
    "TrashedNotice",
    "UnreadCount",
]
