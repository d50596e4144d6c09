"""Two workers, or a worker and a steward, at the very same moment: on real connections of their own."""

import pytest

from notices.models import Bounce
from notices.services.bounces import BounceService
from recipients.models import AddressProblem, User
from recipients.services import PersonService
from tests.notices.bounces.conftest import report
from tests.notices.test_races import together

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_report_in_four_hands_is_taken_once(sent):
    raw = report("postfix-no-such-user", sent)
    results = together(*(lambda: BounceService.take(raw) for _hand in range(4)))
    assert sorted((one.came_back, one.marked, one.repeated) for one in results) == [(0, 0, 1)] * 3 + [(1, 1, 0)]
    assert (Bounce.objects.count(), AddressProblem.objects.count(), AddressProblem.history.count()) == (1, 1, 1)


def test_several_reports_on_one_mail_are_all_on_record_and_mark_once(sent):
    names = ("postfix-no-such-user", "exim", "gmail", "qmail")
    results = together(*(lambda name=name: BounceService.take(report(name, sent)) for name in names))
    assert (sum(one.came_back for one in results), sum(one.marked for one in results)) == (4, 1)
    assert AddressProblem.history.count() == 1


@pytest.mark.parametrize("_time", range(5))
def test_an_address_that_is_corrected_meanwhile_ends_unmarked(sent, dave, frank, _time):
    def correct() -> None:
        person = User.objects.get(pk=dave.pk)
        person.email = "d.tester@example.org"
        PersonService.save_changes(person, actor=frank)

    [taken, _none] = together(lambda: BounceService.take(report("gmail", sent)), correct)

    assert taken.came_back == 1
    assert User.objects.get(pk=dave.pk).email == "d.tester@example.org"
    assert not AddressProblem.objects.exists()
