"""`NoticeService`: the only door through which a notice changes, one method per business event."""

from notices.services.amending import AmendingMixin
from notices.services.approving import ApprovingMixin
from notices.services.publishing import PublishingMixin
from notices.services.readdressing import ReaddressingMixin
from notices.services.reading import ReadingMixin
from notices.services.restoring import RestoringMixin
from notices.services.trash import TrashMixin
from notices.services.writing import WritingMixin


class NoticeService(
    WritingMixin, ApprovingMixin, PublishingMixin, AmendingMixin, ReaddressingMixin, ReadingMixin, TrashMixin, RestoringMixin
):
    """Writing, approving, publishing, changing what is on show, reading, the trash and earlier versions; each in a module of its own."""
