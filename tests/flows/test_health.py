"""The card that says that not all is well comes by itself after the page, and is readable by everyone."""

import pytest

from backoffice.health import heartbeats
from backoffice.tasks import tick
from tests.audit.sealing import seal_now

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    "context",
    [{"color_scheme": "light"}, {"color_scheme": "dark", "viewport": {"width": 320, "height": 640}}],
    ids=["light", "dark and small"],
)
def test_an_administrator_sees_what_is_wrong(visitor, grace, context):
    one = visitor(grace, **context)
    one.open("/admin/")
    card = one.page.get_by_role("region", name="Not all is well")
    assert "There is no worker" in card.inner_text()
    one.check_accessible()
    assert not one.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")

    seal_now()  # what `migrate` wrote is as old as the test database
    heartbeats.worker_lives("celery@here", processes=2, busy=0)
    tick()
    one.open("/admin/")
    assert not card.is_visible()
