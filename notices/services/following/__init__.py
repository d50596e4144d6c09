"""Following the audience of what is on show: who joins is told, of who leaves nothing more is asked, who comes back is asked again."""

from time import monotonic

from audit.seals.epochs import why_sending_is_off
from notices.services.following.comparing import compare, on_show
from notices.services.following.moves import follow_some
from notices.services.following.result import Followed

__all__ = ["Followed", "FollowingService"]

TURN = 25.0  # seconds; then the clock starts the next one


class FollowingService:
    @staticmethod
    def follow() -> Followed:
        """Follow what moved since the last time, batch by batch, as long as a turn lasts."""
        until, followed = monotonic() + TURN, Followed()
        while monotonic() < until and not why_sending_is_off() and (some := follow_some()) is not None:
            followed += some
        return followed

    @staticmethod
    def compare(notice_id: int) -> Followed:
        """Compare the whole audience of one notice: for what was changed past the triggers, or before there were any."""
        return compare(notice_id)

    @staticmethod
    def compare_some(after: int) -> tuple[Followed, int | None]:
        """Compare one notice on show after another, as long as a turn lasts. Also returns after which to go on, if there are more."""
        until, followed = monotonic() + TURN, Followed()
        for notice_id in on_show(after):
            if monotonic() > until:
                return followed, after
            followed, after = followed + compare(notice_id), notice_id
        return followed, None
