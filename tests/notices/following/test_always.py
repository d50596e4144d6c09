"""Whatever people do, in whatever order: everybody who was found in the audience while it was on show has one delivery."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from backoffice.permissions import Role
from notices.exceptions import NoticeError
from notices.models import AudienceMove, Delivery, Notice
from notices.repositories import NoticeRepository
from notices.services import FollowingService, NoticeService
from recipients.dtos import Address
from recipients.models import (
    Recipient,
    RecipientGroupAdditionalRecipient,
    RecipientGroupRecipient,
    RoleAssignment,
    User,
)
from tests.makers import make_draft, make_group, make_person, make_recipient

PEOPLE, PLACES = range(4), range(2)
ACTS = st.one_of(
    st.tuples(st.sampled_from(["join", "leave"]), st.sampled_from(PEOPLE), st.sampled_from(PLACES)),
    st.tuples(st.sampled_from(["close", "open", "into group", "out of group", "acknowledge"]), st.sampled_from(PEOPLE)),
    st.tuples(st.sampled_from(["group place", "ungroup place", "switch place"]), st.sampled_from(PLACES)),
    st.tuples(st.sampled_from(["publish", "withdraw", "follow", "follow", "compare"])),
    st.tuples(st.just("readdress"), st.sets(st.sampled_from([*PLACES]), min_size=1), st.booleans()),
)


class World:
    """The notice addresses the first place and the group, to begin with; beside it stands what plain Python knows."""

    def __init__(self) -> None:
        self.alice = make_person("alice", role=Role.AUTHOR)
        self.people = [make_person(f"reader{number}") for number in PEOPLE]
        self.places = [make_recipient(f"Place {number}", members=(self.people[number],)) for number in PLACES]
        self.group = make_group()
        self.notice = make_draft(author=self.alice, recipients=(self.places[0],), groups=(self.group,), requires_acknowledgement=True)
        self.addressed, self.with_group = {0}, True
        self.told: dict[int, set[User]] = {}
        self.acknowledged: set[tuple[int, User]] = set()

    def audience(self) -> set[User]:
        direct = [self.places[place].pk for place in self.addressed]
        grouped = [*self.group.recipientgrouprecipient_set.values_list("recipient", flat=True)] if self.with_group else []
        places = Recipient.objects.filter(pk__in=[*direct, *grouped], is_active=True)
        found = {a.user for a in RoleAssignment.objects.filter(recipient__in=places).select_related("user")}
        if self.with_group:
            found |= {m.user for m in RecipientGroupAdditionalRecipient.objects.filter(recipient_group=self.group).select_related("user")}
        return {person for person in found if person.is_active}

    def do(self, act: str, *which: Any) -> None:
        getattr(self, "_" + act.replace(" ", "_"))(*which)

    def _join(self, person: int, place: int) -> None:
        RoleAssignment.objects.get_or_create(user=self.people[person], recipient=self.places[place])

    def _leave(self, person: int, place: int) -> None:
        RoleAssignment.objects.filter(user=self.people[person], recipient=self.places[place]).delete()

    def _close(self, person: int) -> None:
        User.objects.filter(pk=self.people[person].pk).update(is_active=False)

    def _open(self, person: int) -> None:
        User.objects.filter(pk=self.people[person].pk).update(is_active=True)

    def _into_group(self, person: int) -> None:
        RecipientGroupAdditionalRecipient.objects.get_or_create(recipient_group=self.group, user=self.people[person])

    def _out_of_group(self, person: int) -> None:
        RecipientGroupAdditionalRecipient.objects.filter(user=self.people[person]).delete()

    def _group_place(self, place: int) -> None:
        RecipientGroupRecipient.objects.get_or_create(recipient_group=self.group, recipient=self.places[place])

    def _ungroup_place(self, place: int) -> None:
        RecipientGroupRecipient.objects.filter(recipient=self.places[place]).delete()

    def _switch_place(self, place: int) -> None:
        place = Recipient.objects.get(pk=self.places[place].pk)
        Recipient.objects.filter(pk=place.pk).update(is_active=not place.is_active)

    def _acknowledge(self, person: int) -> None:
        reader = User.objects.get(pk=self.people[person].pk)
        if self.is_on_show and reader in self.audience():
            NoticeService.acknowledge(self.current, reader)
            self.acknowledged.add((self.current.revision, reader))

    def _publish(self) -> None:
        audience = self.audience()
        try:
            NoticeService.publish(self.notice.pk, actor=self.alice)
        except NoticeError:
            return
        self.told[self.current.revision] = audience

    def _withdraw(self) -> None:
        if self.is_on_show:
            NoticeService.withdraw(self.notice.pk, actor=self.alice)

    def _readdress(self, places: set[int], with_group: bool) -> None:
        address = Address.of([self.places[place].pk for place in places], [self.group.pk] if with_group else [])
        before = self.audience() if self.is_on_show else set()
        try:
            NoticeService.change_audience(self.notice.pk, address, actor=self.alice, reason="Moved")
        except NoticeError:
            return
        self.addressed, self.with_group = places, with_group
        self.told[self.current.revision] |= before
        self._looked()

    def _follow(self) -> None:
        FollowingService.follow()
        assert not AudienceMove.objects.exists()
        self._looked()
        if self.is_on_show:  # who joined, acknowledged and left again had it too
            self.told[self.current.revision] |= {person for of, person in self.acknowledged if of == self.current.revision}

    def _compare(self) -> None:
        FollowingService.compare(self.notice.pk)
        self._looked()

    def _looked(self) -> None:
        if self.is_on_show:
            self.told[self.current.revision] |= self.audience()

    @property
    def current(self) -> Notice:
        return Notice.objects.get(pk=self.notice.pk)

    @property
    def is_on_show(self) -> bool:
        return self.current.status == "published"

    def check(self) -> None:
        for revision, told in self.told.items():
            rows = list(Delivery.objects.filter(revision=revision).select_related("person"))
            assert sorted(row.person_id for row in rows) == sorted(person.pk for person in told)
        if not self.is_on_show:
            return
        revision = self.current.revision
        acknowledged = {person for of, person in self.acknowledged if of == revision}
        asked = {row.person for row in rows if row.closed_at is None} - acknowledged
        assert asked == self.audience() - acknowledged
        figures = NoticeRepository.figures(self.current)
        assert (figures["outstanding"], figures["acknowledged"]) == (len(asked), len(acknowledged))
        assert figures["expected"] == len(asked) + len(acknowledged) + figures["closed"]
        for row in rows:
            assert [event.what for event in row.events.all()][-1:] == (
                ["closed"] if row.closed_at else ["reopened"] if row.events.all() else []
            )


class TestAlways(TestCase):
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(acts=st.lists(ACTS, min_size=4, max_size=16))
    def test_each_is_told_once_and_only_the_audience_of_now_is_still_asked(self, acts):
        world = World()
        world.do("publish")
        for act in acts:
            world.do(*act)
        world.do("follow")
        world.check()
        assert FollowingService.compare(world.notice.pk).changed == 0
