"""Who may give and take rights on single objects, asked where they are written."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import AnonymousUser, Group, Permission
from django.core.exceptions import PermissionDenied
from django.db import connection, connections, transaction
from guardian.shortcuts import assign_perm, remove_perm

from audit.access_review.verbs import codename_of, verbs_of
from audit.models import Entry
from audit.sentences import sentences_of
from backoffice.permissions import Role, may
from notices.models import NoticeRolePermission, NoticeUserPermission
from notices.services import NoticeService
from recipients.exceptions import RecipientError, StaleGrants
from recipients.grants import GrantRepository
from recipients.models import RecipientGroup, User
from recipients.services import GrantService, RecipientGroupService
from recipients.services.grants import grantable
from tests.makers import make_category, make_draft, make_group, make_person, make_recipient

pytestmark = pytest.mark.django_db


def again(person):
    """Without what it remembers of its rights, as at the next request."""
    return User.objects.get(pk=person.pk)


def let(target, verb, to, actor, reason="Covers for Alice"):
    return GrantService.grant(target, verb=verb, to=to, actor=actor, reason=reason)


def take(target, verb, to, actor, reason="Alice is back"):
    GrantService.revoke(target, verb=verb, to=to, actor=actor, reason=reason)


def grants():
    """All of them, as numbers: what an attack must leave as it was."""
    return list(NoticeUserPermission.objects.order_by("pk").values_list()), list(NoticeRolePermission.objects.order_by("pk").values_list())


@pytest.fixture
def draft(alice):
    return make_draft("Fire drill", author=alice)


@pytest.fixture
def desk(db):
    return Group.objects.create(name="Night desk")


@pytest.fixture
def heidi(db, draft):
    """Decides about this one notice, may change it, and no more."""
    person = make_person("heidi", staff=True)
    for right in ("grant_notice", "change_notice"):
        assign_perm(right, person, draft)
    return person


# -- what it does ---------------------------------------------------------------------------------
def test_a_right_counts_at_once_for_this_object_and_no_other(grace, bob, alice, draft):
    other = make_draft(author=alice)
    assert let(draft, "publish", bob, grace)
    assert may(again(bob), "publish", draft)
    assert not may(again(bob), "publish", other)
    take(draft, "publish", bob, grace)
    assert not may(again(bob), "publish", draft)


def test_a_role_passes_it_on_to_whoever_has_it(grace, bob, draft, desk):
    let(draft, "publish", desk, grace)
    assert not may(again(bob), "publish", draft)
    bob.groups.add(desk)
    assert may(again(bob), "publish", draft)


@pytest.mark.parametrize("make", [make_recipient, make_group])
def test_recipients_and_groups_have_rights_of_their_own(grace, bob, make):
    target = make("Night shift")
    let(target, "address", bob, grace)
    assert may(again(bob), "address", target)
    with pytest.raises(RecipientError, match="no right “restore_version”"):
        let(target, "restore_version", bob, grace)


def test_the_trail_says_who_let_whom_do_what_and_why(grace, bob, draft, desk):
    def last():
        entry = Entry.objects.latest("id")
        return str(sentences_of([entry])[entry.pk]), entry.reason, entry.user_id

    let(draft, "publish", bob, grace, "  Covers for Alice ")
    assert last() == ("Grace Tester let Bob Tester publish “Fire drill”", "Covers for Alice", grace.pk)
    take(draft, "publish", bob, grace)
    assert last() == ("Grace Tester took from Bob Tester the right to publish “Fire drill”", "Alice is back", grace.pk)
    let(draft, "view", desk, grace)
    assert last()[0] == "Grace Tester let the role Night desk see “Fire drill”"


def test_granting_twice_is_one_row_and_one_entry(grace, bob, draft):
    assert let(draft, "publish", bob, grace)
    entries = Entry.objects.count()
    assert not let(draft, "publish", bob, grace)
    assert (NoticeUserPermission.objects.filter(user=bob).count(), Entry.objects.count()) == (1, entries)


def test_taking_what_is_not_there_is_a_sentence(grace, bob, draft):
    with pytest.raises(RecipientError, match="Bob Tester was not granted this on “Fire drill”, or no longer"):
        take(draft, "publish", bob, grace)


def test_several_are_granted_together_or_not_at_all(heidi, bob, draft):
    before = grants()
    with pytest.raises(PermissionDenied):
        GrantService.grant_all(draft, verbs=["view", "publish"], to=bob, actor=heidi, reason="Covers")
    assert grants() == before
    assert GrantService.grant_all(draft, verbs=["view", "change"], to=bob, actor=heidi, reason="Covers") == ["view", "change"]
    assert GrantService.grant_all(draft, verbs=["view", "change"], to=bob, actor=heidi, reason="Covers") == []


# -- who may --------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["alice", "bob", "carol", "dave", "erin", "frank"])
def test_only_the_entitled_give_and_take(request, name, grace, draft, desk):
    actor, to = request.getfixturevalue(name), make_person(staff=True)
    before = grants()
    with pytest.raises(PermissionDenied, match="may not decide who may do what to “Fire drill”"):
        let(draft, "view", to, actor)
    let(draft, "view", to, grace)
    with pytest.raises(PermissionDenied, match="may not decide who may do what"):
        take(draft, "view", to, actor)
    take(draft, "view", to, grace)
    assert grants() == before


@pytest.mark.parametrize("actor", [None, AnonymousUser(), User(pk=987_654)])
def test_nobody_in_particular_gives_nothing(actor, bob, draft):
    with pytest.raises(PermissionDenied):
        let(draft, "view", bob, actor)
    assert not NoticeUserPermission.objects.filter(user=bob).exists()


def test_an_inactive_administrator_gives_nothing(grace, bob, draft):
    User.objects.filter(pk=grace.pk).update(is_active=False)
    with pytest.raises(PermissionDenied):
        let(draft, "view", bob, grace)  # though the object in hand says that she is active


def test_being_entitled_on_one_object_says_nothing_of_another(heidi, bob, alice, draft):
    other = make_draft("Secret", author=alice)
    with pytest.raises(PermissionDenied, match="“Secret”"):
        let(other, "change", bob, heidi)
    assert let(draft, "change", bob, heidi)


def test_a_role_may_be_entitled_on_one_object(bob, draft, desk):
    for right in ("grant_notice", "view_notice"):
        assign_perm(right, desk, draft)
    erich = make_person("erich", staff=True)
    erich.groups.add(desk)
    assert let(draft, "view", bob, erich)


def test_one_gives_only_what_one_has_on_this_object(heidi, bob, draft):
    with pytest.raises(PermissionDenied, match="may not give a right on “Fire drill” that Heidi Tester has not got"):
        let(draft, "publish", bob, heidi)
    assign_perm("publish_notice", heidi, draft)
    assert let(draft, "publish", bob, heidi)


def test_administrators_give_what_they_have_not_got_but_not_to_themselves(bob, draft, desk):
    rights = ("grant_notice", "view_notice", "change_user", "change_group")
    olga = make_person("olga", staff=True)
    olga.user_permissions.set(Permission.objects.filter(codename__in=rights))
    olga.groups.add(desk)
    for own in (olga, desk):
        with pytest.raises(PermissionDenied, match="has not got"):
            let(draft, "destroy", own, olga)
    assert let(draft, "destroy", bob, olga)
    assert let(draft, "view", olga, olga)  # she has it already


@pytest.mark.parametrize("to", ["heidi", "desk"])
def test_nobody_helps_themselves_neither_directly_nor_by_a_role_they_have(request, to, heidi, draft, desk):
    heidi.groups.add(desk)
    before = grants()
    for verb in ("publish", "destroy", "delete", "grant"):
        with pytest.raises(PermissionDenied):
            let(draft, verb, request.getfixturevalue(to), heidi)
    assert grants() == before


def test_who_else_decides_is_for_administrators(heidi, grace, bob, draft):
    with pytest.raises(PermissionDenied, match="Ask an administrator"):
        let(draft, "grant", bob, heidi)
    assert let(draft, "grant", bob, grace)
    with pytest.raises(PermissionDenied, match="Ask an administrator"):
        take(draft, "grant", bob, heidi)
    take(draft, "grant", heidi, heidi)  # laid down
    with pytest.raises(PermissionDenied, match="may not decide"):
        take(draft, "change", bob, heidi)


def test_what_is_offered_is_what_is_accepted(heidi, grace, alice, bob, draft):
    for actor in (heidi, grace, alice):
        for verb in verbs_of(draft):
            to = make_person(staff=True)
            if verb in grantable(again(actor), draft):
                assert let(draft, verb, to, actor)
            else:
                with pytest.raises(PermissionDenied):
                    let(draft, verb, to, actor)
    assert set(grantable(heidi, draft)) == {"view", "change"}
    assert grantable(alice, draft) == {}


# -- what makes no sense --------------------------------------------------------------------------
def test_a_reason_is_asked(grace, bob, draft):
    for reason in ("", "  \n"):
        with pytest.raises(RecipientError, match="Say why"):
            let(draft, "view", bob, grace, reason)
    let(draft, "view", bob, grace)
    with pytest.raises(RecipientError, match="Say why"):
        take(draft, "view", bob, grace, "")
    assert may(again(bob), "view", draft)


@pytest.mark.parametrize("verb", ["add", "fly", "publish_notice", "notices.publish_notice", ""])
def test_only_known_rights_are_given_or_taken(grace, bob, draft, verb):
    for act in (let, take):
        with pytest.raises(RecipientError, match="There is no right"):
            act(draft, verb, bob, grace)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"staff": True, "is_active": False}, "is inactive"),
        ({"staff": False}, "may not use the back office"),
        ({"staff": True, "is_superuser": True}, "is a superuser"),
    ],
)
def test_a_right_that_could_not_be_used_is_not_given(grace, draft, fields, sentence):
    person = make_person(**fields)
    with pytest.raises(RecipientError, match=sentence):
        let(draft, "view", person, grace)
    assert not NoticeUserPermission.objects.filter(user=person).exists()


def test_a_right_that_cannot_be_used_any_more_can_be_taken(grace, bob, draft):
    let(draft, "view", bob, grace)
    User.objects.filter(pk=bob.pk).update(is_active=False, is_staff=False)
    take(draft, "view", bob, grace)
    assert not NoticeUserPermission.objects.filter(user=bob).exists()


def test_in_the_trash_rights_are_taken_and_not_given(grace, bob, alice, frank, draft):
    group = make_group("Night shift")
    for target in (draft, group):
        let(target, "view", bob, grace)
    NoticeService.delete(draft.pk, actor=alice)
    RecipientGroupService.delete(group.pk, actor=frank)
    for target in (draft, RecipientGroup.all_objects.get(pk=group.pk)):
        with pytest.raises(RecipientError, match="is in the trash"):
            let(target, "change", bob, grace)
        take(target, "view", bob, grace)


def test_what_is_gone_is_said_so(grace, bob, draft, desk):
    holder, gone = Group.objects.get(pk=desk.pk), make_group("Gone")
    desk.delete()
    with pytest.raises(RecipientError, match="“Night desk” no longer exists"):
        let(draft, "view", holder, grace)
    target = RecipientGroup.objects.get(pk=gone.pk)
    gone.hard_delete()
    with pytest.raises(RecipientError, match="“Gone” no longer exists"):
        let(target, "view", bob, grace)


def test_what_has_no_table_of_its_own_is_not_granted_here(grace, bob):
    with pytest.raises(LookupError):
        let(make_category(), "change", bob, grace)


def test_what_was_decided_on_an_older_list_is_refused(grace, bob, draft):
    seen = GrantRepository.last_change(draft)
    arguments = {"verbs": ["publish"], "to": bob, "actor": grace, "reason": "Covers"}
    assert GrantService.grant_all(draft, **arguments, seen=seen)
    take(draft, "publish", bob, grace)
    with pytest.raises(StaleGrants, match="changed since you opened this page"):
        GrantService.grant_all(draft, **arguments, seen=seen)  # sent twice
    assert not may(again(bob), "publish", draft)
    assert GrantService.grant_all(draft, **arguments, seen=GrantRepository.last_change(draft))


@pytest.mark.django_db(transaction=True)
def test_who_waits_for_a_decision_is_asked_afresh(heidi, bob, draft):
    """Their own right is taken while they wait for the lock: then they give nothing."""

    def late():
        try:
            return let(draft, "change", bob, heidi)
        finally:
            connections.close_all()

    heidi.has_perm("notices.grant_notice")  # remembered
    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            type(draft).all_objects.select_for_update(of=("self",)).get(pk=draft.pk)
            waiting = threads.submit(late)
            _until_it_waits()
            remove_perm("grant_notice", heidi, draft)
        with pytest.raises(PermissionDenied):
            waiting.result(timeout=30)
    assert not NoticeUserPermission.objects.filter(user=bob).exists()


WAITING = """
    SELECT count(*), pg_stat_clear_snapshot() FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


def _until_it_waits():
    with connection.cursor() as cursor:
        for _attempt in range(300):
            cursor.execute(WAITING)
            if cursor.fetchone()[0]:
                return
            cursor.execute("SELECT pg_sleep(0.05)")
    pytest.fail("The other transaction never came to wait for the lock.")


# -- what is shown --------------------------------------------------------------------------------
def test_each_grant_is_told_with_who_gave_it_and_why(grace, bob, draft, desk):
    bob.groups.add(desk)
    let(draft, "publish", bob, grace, "Covers for Alice")
    let(draft, "view", desk, grace, "On duty")
    assign_perm("change_notice", draft.created_by, draft)  # by nobody in particular
    told = GrantRepository.told(GrantRepository.on(draft), draft)
    assert [(str(g.holder), g.verb, str(g.given_by), g.reason, g.people, g.made_it) for g in told] == [
        ("Night desk", "view", "Grace Tester", "On duty", 1, False),
        ("Alice Tester", "change", "None", "", None, True),
        ("Bob Tester", "publish", "Grace Tester", "Covers for Alice", None, False),
    ]
    assert all(g.given_at for g in told)


def test_who_may_do_it_to_all_is_told_by_role_and_person(grace, bob, draft):
    bob.user_permissions.add(Permission.objects.get(codename="publish_notice"))
    held = {str(h.holder): h.words for h in GrantRepository.held(GrantRepository.everywhere(draft), draft)}
    assert held["Bob Tester"] == ("publish and withdraw notices",)
    assert "see" in held[Role.APPROVER]
    assert Role.READER not in held


@pytest.mark.parametrize("key", ["", "person", "person-", "person-x", "person-0", "thing-1", "role-1", "person-9999999999", "person-１"])
def test_a_key_that_names_no_grant_here_finds_none(grace, bob, alice, draft, key):
    let(draft, "publish", bob, grace)
    assert GrantRepository.find(draft, key) is None
    mine = GrantRepository.told(GrantRepository.on(draft), draft)[-1].key
    assert GrantRepository.find(draft, mine).holder == bob
    assert GrantRepository.find(make_draft(author=alice), mine) is None


def test_every_right_that_can_be_granted_is_a_permission(draft):
    for target in (draft, make_recipient(), make_group()):
        names = {codename_of(verb, target) for verb in verbs_of(target)}
        assert Permission.objects.filter(content_type__model=target._meta.model_name, codename__in=names).count() == len(names)
