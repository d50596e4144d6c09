"""What every act on a notice begins with: lock the row, ask the permission."""

from typing import Any

from django.utils.translation import gettext as _

from backoffice.permissions import require
from notices.exceptions import NoticeError, StaleNotice
from notices.models import Notice


def lock(notice_id: int, *, verb: str, actor: Any, in_trash: bool = False) -> Notice:
    """The notice, locked until the transaction ends, if `actor` may do `verb` to it.

    Raises:
        PermissionDenied: `actor` may not.
        NoticeError: there is no such notice, or it is not where the act expects it.
    """
    notice = Notice.all_objects.select_for_update(of=("self",)).select_related("category").filter(pk=notice_id).first()
    if notice is None:
        raise NoticeError(_("This notice no longer exists."))
    require(actor, verb, notice)
    if notice.is_deleted and not in_trash:
        raise NoticeError(_("“%(title)s” is in the trash. Restore it first.") % {"title": notice})
    if in_trash and not notice.is_deleted:
        raise NoticeError(_("“%(title)s” is not in the trash.") % {"title": notice})
    return notice


def check_version(notice: Notice, version: int | None) -> None:
    """Refuse an act that was decided on an older state of the notice. None asks nothing."""
    if version is not None and notice.version != version:
        raise StaleNotice(
            _("“%(title)s” was changed by %(person)s since you opened this page. Look at it again.")
            % {"title": notice, "person": notice.modified_by or _("someone")}
        )
