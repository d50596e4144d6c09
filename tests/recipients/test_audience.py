"""Who is behind an address, and why. `tests/notices/test_oracle.py` holds the same against plain Python."""

from datetime import timedelta

import pytest

from backoffice.clock import today
from recipients.dtos import Address, AudienceMember, AudienceSummary
from recipients.models import RoleAssignment, User
from recipients.repositories import AudienceRepository
from tests.makers import make_group, make_person, make_recipient

DAY = timedelta(days=1)


@pytest.fixture
def leeds(dave, erin):
    return make_recipient("Site Leeds", members=(dave, erin))


@pytest.fixture
def address(leeds, dave, frank):
    night = make_group("Night shift", recipients=(leeds,), people=(frank,))
    return Address.of([leeds.pk], [night.pk], [dave.pk])


class TestAddress:
    def test_order_and_repetition_do_not_matter(self):
        assert Address.of([2, 1, 2], (), {3}) == Address((1, 2), (), (3,))

    def test_one_without_anybody_is_false(self):
        assert not Address()
        assert all([Address.of([1]), Address.of((), [1]), Address.of((), (), [1])])


class TestSummary:
    def test_each_person_counts_once_however_often_they_are_reached(self, address):
        assert AudienceRepository.summary(address) == AudienceSummary(total=3, overlapping=2, without_email=0, inactive=0)

    def test_inactive_people_and_those_without_an_address_are_counted_apart(self, address, dave, erin):
        User.objects.filter(pk=dave.pk).update(is_active=False)
        User.objects.filter(pk=erin.pk).update(email="")
        assert AudienceRepository.summary(address) == AudienceSummary(total=2, overlapping=1, without_email=1, inactive=1)

    def test_nobody_is_addressed_by_nothing(self, db):
        assert AudienceRepository.summary(Address()) == AudienceSummary(0, 0, 0, 0)
        assert not AudienceRepository.people(Address()).exists()

    def test_two_roles_at_one_entity_are_one_way(self, leeds, dave):
        RoleAssignment.objects.create(user=dave, recipient=leeds, role="First aider")
        assert AudienceRepository.summary(Address.of([leeds.pk])) == AudienceSummary(2, 0, 0, 0)

    @pytest.mark.parametrize(("starts", "ends", "counts"), [(0, 0, 1), (1, None, 0), (None, -1, 0), (None, 0, 1), (0, None, 1)])
    def test_an_assignment_counts_from_its_first_to_its_last_day(self, db, starts, ends, counts):
        york = make_recipient("York")
        days = {name: today() + n * DAY for name, n in (("starts_on", starts), ("ends_on", ends)) if n is not None}
        RoleAssignment.objects.create(user=make_person(), recipient=york, **days)
        assert AudienceRepository.summary(Address.of([york.pk])).total == counts

    def test_an_inactive_entity_and_a_deleted_group_reach_nobody(self, leeds, frank):
        night = make_group(people=(frank,))
        leeds.is_active = False
        leeds.save()
        night.delete()
        assert AudienceRepository.summary(Address.of([leeds.pk], [night.pk])).total == 0


class TestPeople:
    def test_they_come_by_name(self, address, dave, erin, frank):
        assert list(AudienceRepository.people(address)) == [dave, erin, frank]

    def test_they_can_be_narrowed(self, address, dave, erin, frank):
        User.objects.filter(pk=erin.pk).update(email="", is_active=True)
        User.objects.filter(pk=frank.pk).update(is_active=False)
        assert list(AudienceRepository.people(address, only="inactive")) == [frank]
        assert list(AudienceRepository.people(address, only="overlapping")) == [dave, erin]
        assert list(AudienceRepository.people(address, only="without_email")) == [erin]

    @pytest.mark.parametrize("search", ["Dave", "dav test", "tester DAVE", "dave@example", "4711"])
    def test_every_word_of_a_search_has_to_fit(self, address, dave, search):
        User.objects.filter(pk=dave.pk).update(employee_number="4711-A")
        assert list(AudienceRepository.people(address, search=search)) == [dave]

    @pytest.mark.parametrize("search", ["dave erin", "%", "_", "711"])
    def test_or_nobody_is_found(self, address, dave, search):
        User.objects.filter(pk=dave.pk).update(employee_number="4711-A")
        assert not AudienceRepository.people(address, search=search).exists()

    def test_it_is_a_queryset_that_pages_and_counts(self, address, dave, erin):
        people = AudienceRepository.people(address)
        assert (people.count(), list(people[:2]), people.filter(pk=dave.pk).exists()) == (3, [dave, erin], True)
        assert list(people | people) == list(people)


class TestReasons:
    def test_each_way_is_said_once_in_the_same_order(self, address, dave, erin, frank):
        assert AudienceRepository.explain(address, [dave, erin, frank], reader=User(is_superuser=True)) == [
            AudienceMember(dave.pk, "Dave Tester", "dave@example.org", True, ("Site Leeds", "Night shift (group)", "named")),
            AudienceMember(erin.pk, "Erin Tester", "erin@example.org", True, ("Site Leeds", "Night shift (group)")),
            AudienceMember(frank.pk, "Frank Tester", "frank@example.org", True, ("Night shift (group)",)),
        ]

    def test_someone_who_is_not_in_it_has_none(self, address, alice):
        assert AudienceRepository.explain(address, [alice], reader=User(is_superuser=True))[0].reasons == ()

    def test_someone_inactive_is_explained_too(self, address, frank):
        frank.is_active = False
        frank.save()
        [member] = AudienceRepository.explain(address, [frank], reader=User(is_superuser=True))
        assert (member.is_active, member.reasons) == (False, ("Night shift (group)",))

    def test_a_page_costs_the_same_however_many_people(self, address, dave, erin, frank, django_assert_num_queries):
        for page in ([dave], [dave, erin, frank]):
            with django_assert_num_queries(3):  # the routes, and the names of entities and groups
                AudienceRepository.explain(address, page, reader=User(is_superuser=True))
