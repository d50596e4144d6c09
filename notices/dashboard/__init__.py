"""The *Today* page: what needs me, what is stuck, what is late, and two charts.

Only what the person may see is shown or counted. What is dear to count is kept for a minute, and
only where it holds for everyone who sees everything.
"""

from typing import Any

from django.http import HttpRequest

from backoffice.permissions import may_everywhere, may_somewhere
from notices.dashboard.attention import figures, sections
from notices.dashboard.charts import charts
from notices.dashboard.sight import Sight
from notices.models import Notice
from recipients.models import RecipientGroup


def today(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """unfold's dashboard callback."""
    user = request.user
    if not may_somewhere(user, "view", Notice):
        return context | {"sees_notices": False, "keeps_audiences": may_everywhere(user, "change", RecipientGroup)}
    sight = Sight(user)
    numbers = figures(sight)
    return context | {
        "sees_notices": True,
        "may_write": may_somewhere(user, "add", Notice),
        "has_notices": any(figure.number for figure in numbers) or sight.notices().exists(),
        "figures": numbers,
        "sections": sections(sight),
        "charts": charts(sight),
    }
