"""The seed's own query, and plain Python, against everything that answers the same questions faster.

Each example is an organisation made at random, in the state it could have any day of the year.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count

from django.contrib.auth.models import Permission
from django.db.models import Q, QuerySet
from django.utils import timezone
from guardian.shortcuts import assign_perm
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from backoffice.clock import today
from backoffice.permissions import may, visible
from notices.models import (
    Notice,
    NoticeAdditionalRecipient,
    NoticeRecipient,
    NoticeRecipientGroup,
    ReadAcknowledgment,
)
from notices.repositories import AudienceKeyRepository, InboxCursor, NoticeRepository
from notices.services import AudienceKeyService, NoticeService
from recipients.audience import user_role_entity_ids
from recipients.dtos import Address, AudienceSummary
from recipients.models import (
    Recipient,
    RecipientGroup,
    RecipientGroupAdditionalRecipient,
    RecipientGroupRecipient,
    RoleAssignment,
    User,
)
from recipients.repositories import AudienceRepository

PEOPLE, ENTITIES, GROUPS = range(4), range(4), range(3)
DAY = timedelta(days=1)
_number = count(1)


def some(choices: range) -> st.SearchStrategy:
    return st.sets(st.sampled_from(choices), max_size=len(choices))


@dataclass
class PlannedNotice:
    status: str
    starts: int  # days from today
    lasts: int | None  # days; None is for ever
    age: int  # minutes since it was published; two may have been published at once
    revision: int
    is_deleted: bool
    entities: set[int]
    groups: set[int]
    people: set[int]
    read_by: set[tuple[int, int]]  # person, revision


@dataclass
class Plan:
    inactive_people: set[int]
    without_email: set[int]
    inactive_entities: set[int]
    # person, entity, first and last day from today; a person may have several roles at one entity
    assignments: list[tuple[int, int, int | None, int | None]]
    groups: list[tuple[bool, set[int], set[int]]]  # in the trash, entities, people
    notices: list[PlannedNotice] = field(default_factory=list)


STATUSES = ("published", "published", "published", "draft", "in_review", "scheduled", "withdrawn")
planned_notices = st.builds(
    PlannedNotice,
    status=st.sampled_from(STATUSES),
    starts=st.integers(-2, 1),
    lasts=st.none() | st.integers(0, 3),
    age=st.integers(0, 3),
    revision=st.integers(1, 2),
    is_deleted=st.sampled_from([False, False, False, True]),
    entities=some(ENTITIES),
    groups=some(GROUPS),
    people=some(PEOPLE),
    read_by=st.sets(st.tuples(st.sampled_from(PEOPLE), st.integers(1, 2)), max_size=4),
)
days = st.sampled_from([(None, None), (None, 0), (0, None), (-3, -1), (1, 4), (-1, 1), (0, 0), (None, -1), (1, None)])
plans = st.builds(
    Plan,
    inactive_people=some(PEOPLE),
    without_email=some(PEOPLE),
    inactive_entities=some(ENTITIES),
    assignments=st.lists(
        st.tuples(st.sampled_from(PEOPLE), st.sampled_from(ENTITIES), days).map(lambda row: (*row[:2], *row[2])), max_size=10
    ),
    groups=st.lists(
        st.tuples(st.sampled_from([False, False, True]), some(ENTITIES), some(PEOPLE)), min_size=len(GROUPS), max_size=len(GROUPS)
    ),
    notices=st.lists(planned_notices, max_size=6),
)
example_budget = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@dataclass
class Organisation:
    """The plan as rows, and the naive answers that follow from the plan alone."""

    plan: Plan
    people: list[User]
    entities: list[Recipient]
    groups: list[RecipientGroup]
    notices: list[Notice]

    def entities_of(self, person: int) -> set[int]:
        return {
            entity
            for who, entity, first, last in self.plan.assignments
            if who == person and (first is None or first <= 0) and (last is None or last >= 0) and entity not in self.plan.inactive_entities
        }

    def ways(self, person: int, entities: set[int], groups: set[int], people: set[int]) -> list[str]:
        """Every address through which `person` is reached, as it is put into words."""
        mine = self.entities_of(person)
        reasons = [self.entities[e].name for e in sorted(entities & mine)]
        for number in sorted(groups):
            deleted, members, single = self.plan.groups[number]
            if not deleted and (members & mine or person in single):
                reasons.append(f"{self.groups[number].name} (group)")
        return reasons + ["named"] * (person in people)

    def was_read(self, person: int, planned: PlannedNotice) -> bool:
        return (person, planned.revision) in planned.read_by


def build(plan: Plan) -> Organisation:
    mark = next(_number)
    people = User.objects.bulk_create(
        User(
            username=f"p{mark}-{n}",
            first_name=f"P{n}",
            last_name="Tester",
            email="" if n in plan.without_email else f"p{mark}-{n}@example.org",
            is_active=n not in plan.inactive_people,
        )
        for n in PEOPLE
    )
    entities = Recipient.objects.bulk_create(
        Recipient(code=f"E{mark}-{n}", name=f"Entity {n}", is_active=n not in plan.inactive_entities) for n in ENTITIES
    )
    RoleAssignment.objects.bulk_create(
        RoleAssignment(
            user=people[person],
            recipient=entities[entity],
            role=f"Role {number}",
            starts_on=None if first is None else today() + first * DAY,
            ends_on=None if last is None else today() + last * DAY,
        )
        for number, (person, entity, first, last) in enumerate(plan.assignments)
    )
    groups = RecipientGroup.all_objects.bulk_create(
        RecipientGroup(code=f"G{mark}-{n}", name=f"Group {n}", is_deleted=deleted) for n, (deleted, _, _) in enumerate(plan.groups)
    )
    RecipientGroupRecipient.objects.bulk_create(
        RecipientGroupRecipient(recipient_group=group, recipient=entities[e])
        for group, (_, members, _) in zip(groups, plan.groups, strict=True)
        for e in members
    )
    RecipientGroupAdditionalRecipient.objects.bulk_create(
        RecipientGroupAdditionalRecipient(recipient_group=group, user=people[p])
        for group, (_, _, single) in zip(groups, plan.groups, strict=True)
        for p in single
    )
    notices = _build_notices(plan.notices, people, entities, groups)
    return Organisation(plan, people, entities, groups, notices)


def _build_notices(planned: list[PlannedNotice], people: list, entities: list, groups: list) -> list[Notice]:
    now = timezone.now()
    notices = Notice.all_objects.bulk_create(
        Notice(
            title=f"Notice {n}",
            content="<p>Text</p>",
            status=p.status,
            start_date=today() + p.starts * DAY,
            end_date=None if p.lasts is None else today() + (p.starts + p.lasts) * DAY,
            published_at=now - timedelta(minutes=p.age) if p.status == "published" else None,
            publish_at=now if p.status == "scheduled" else None,
            revision=p.revision,
            is_deleted=p.is_deleted and p.status in {"draft", "withdrawn"},
        )
        for n, p in enumerate(planned)
    )
    pairs = list(zip(notices, planned, strict=True))
    NoticeRecipient.objects.bulk_create(NoticeRecipient(notice=n, recipient=entities[e]) for n, p in pairs for e in p.entities)
    NoticeRecipientGroup.objects.bulk_create(NoticeRecipientGroup(notice=n, recipient_group=groups[g]) for n, p in pairs for g in p.groups)
    NoticeAdditionalRecipient.objects.bulk_create(NoticeAdditionalRecipient(notice=n, user=people[w]) for n, p in pairs for w in p.people)
    ReadAcknowledgment.objects.bulk_create(
        ReadAcknowledgment(notice=n, user=people[w], revision=revision) for n, p in pairs for w, revision in p.read_by
    )
    return notices


def query_of_the_seed(user: User) -> QuerySet[Notice]:
    ids = user_role_entity_ids(user)
    return Notice.objects.filter(
        Q(noticerecipient__recipient_id__in=ids)
        | Q(noticerecipientgroup__recipient_group__in=RecipientGroup.objects.filter(recipientgrouprecipient__recipient_id__in=ids))
        | Q(noticerecipientgroup__recipient_group__in=RecipientGroup.objects.filter(recipientgroupadditionalrecipient__user=user))
        | Q(noticeadditionalrecipient__user=user)
    ).distinct()


class TestForUser(TestCase):
    @example_budget
    @given(plan=plans, words=st.permutations(["published", "draft", "read", "count", "range", "user"]), person=st.sampled_from(PEOPLE))
    def test_any_chain_gives_the_rows_of_the_seeds_query_in_the_same_order(self, plan, words, person):
        organisation = build(plan)
        user = organisation.people[person]
        assert set(user_role_entity_ids(user)) == {organisation.entities[e].pk for e in organisation.entities_of(person)}
        seed = list(query_of_the_seed(user).newest_first())
        assert list(Notice.objects.for_user(user).newest_first()) == seed
        assert Notice.objects.for_user(user).count() == len(seed)

        word = {
            "user": lambda q: q.for_user(user),
            "read": lambda q: q.with_read_status(user),
            "count": lambda q: q.with_recipient_count(),
            "range": lambda q: q.active_in_date_range(today(), today() + DAY),
            "published": lambda q: q.published(),
            "draft": lambda q: q.draft(),
        }
        planned = dict(zip((n.pk for n in organisation.notices), plan.notices, strict=True))
        for state in ("published", "draft"):
            queryset = Notice.objects.all()
            for name in words:
                if name not in {"published", "draft"} - {state}:
                    queryset = word[name](queryset)
            expected = [n for n in seed if n.status == state and self.overlaps(n, state)]
            assert list(queryset.newest_first()) == expected
            for notice in queryset:
                assert notice.was_read is organisation.was_read(person, planned[notice.pk])
                assert notice.recipient_count == len(planned[notice.pk].entities)

    @staticmethod
    def overlaps(notice: Notice, state: str) -> bool:
        last = today() if state == "published" else today() + DAY
        return notice.start_date <= last and (notice.end_date is None or notice.end_date >= today())

    @example_budget
    @given(plan=plans)
    def test_the_seeds_query_is_what_plain_python_says(self, plan):
        organisation = build(plan)
        for number, user in enumerate(organisation.people):
            expected = {
                notice.pk
                for notice, p in zip(organisation.notices, plan.notices, strict=True)
                if not notice.is_deleted and organisation.ways(number, p.entities, p.groups, p.people)
            }
            assert {n.pk for n in query_of_the_seed(user)} == expected == set(Notice.objects.for_user(user).values_list("pk", flat=True))


class TestInbox(TestCase):
    @example_budget
    @given(plan=plans, limit=st.integers(1, 4))
    def test_the_pages_and_the_count_are_those_of_the_seeds_query(self, plan, limit):
        organisation = build(plan)
        AudienceKeyService.rebuild()
        assert AudienceKeyRepository.differences() == (0, 0)
        for user in organisation.people:
            on_show = query_of_the_seed(user).published().with_read_status(user)
            expected = sorted(on_show, key=lambda n: (n.was_read, -n.published_at.timestamp(), -n.pk))

            shown, page, cursor = [], NoticeRepository.inbox_page(user, limit=limit), None
            while page:
                assert len(page) <= limit
                shown += page
                cursor = InboxCursor.after(page[-1])
                page = NoticeRepository.inbox_page(user, after=cursor, limit=limit)
            assert [(n.pk, n.was_read) for n in shown] == [(n.pk, n.was_read) for n in expected]
            assert NoticeRepository.unread_count(user) == sum(not n.was_read for n in expected)
            assert NoticeService.get_unread_count(user) == sum(not n.was_read for n in expected)
            assert NoticeRepository.get_unread_for_user(user).count() == sum(not n.was_read for n in expected)


class TestAudience(TestCase):
    @example_budget
    @given(plan=plans, entities=some(ENTITIES), groups=some(GROUPS), people=some(PEOPLE))
    def test_summary_people_and_reasons_are_what_plain_python_says(self, plan, entities, groups, people):
        plan.notices = []
        organisation = build(plan)
        address = Address.of(
            (organisation.entities[e].pk for e in entities),
            (organisation.groups[g].pk for g in groups),
            (organisation.people[p].pk for p in people),
        )
        ways = {n: organisation.ways(n, entities, groups, people) for n in PEOPLE}
        reached = [n for n in PEOPLE if ways[n]]
        active = [n for n in reached if n not in plan.inactive_people]
        narrowed = {
            "": active,
            "inactive": [n for n in reached if n not in active],
            "overlapping": [n for n in active if len(ways[n]) > 1],
            "without_email": [n for n in active if n in plan.without_email],
        }

        assert AudienceRepository.summary(address) == AudienceSummary(
            len(active), len(narrowed["overlapping"]), len(narrowed["without_email"]), len(narrowed["inactive"])
        )
        for only, expected in narrowed.items():
            shown = list(AudienceRepository.people(address, only=only))
            assert shown == [organisation.people[n] for n in expected]
            members = AudienceRepository.explain(address, shown, reader=User(is_superuser=True))
            assert [list(member.reasons) for member in members] == [ways[n] for n in expected]


class TestPolicy(TestCase):
    @settings(example_budget, max_examples=30)
    @given(
        plan=plans,
        grants=st.sets(st.tuples(st.integers(0, 5), st.sampled_from(["view", "change", "delete", "publish"]))),
        roles=st.sets(st.sampled_from(["view", "change", "delete", "publish"]), max_size=2),
        is_active=st.booleans(),
    )
    def test_may_and_visible_agree_on_every_notice_and_verb(self, plan, grants, roles, is_active):
        notices = build(plan).notices
        user = User.objects.create(username=f"granted{next(_number)}", is_active=is_active)
        user.user_permissions.set(Permission.objects.filter(codename__in=[f"{verb}_notice" for verb in roles]))
        for number, verb in grants:
            if number < len(notices):
                assign_perm(f"notices.{verb}_notice", user, notices[number])

        for verb in ("view", "change", "delete", "publish"):
            seen = set(visible(user, verb, Notice.all_objects.all()).values_list("pk", flat=True))
            assert seen == {n.pk for n in notices if may(user, verb, n)}
            allowed = {verb} if verb != "view" else {"view", "change", "delete", "publish"}
            expected = {n.pk for i, n in enumerate(notices) if allowed & roles or any((i, v) in grants for v in allowed)}
            assert seen == (expected if is_active else set())
