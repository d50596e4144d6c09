"""What the trail says of each kind of change, in the words of whoever reads it."""

from datetime import date

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from guardian.shortcuts import assign_perm

from audit.access_review.verbs import codename_of, verbs_of
from audit.attribution import acting, operation
from audit.maintenance import maintenance
from audit.models import Entry
from audit.sentences import sentences_of
from audit.sources import Source
from backoffice.permissions import Role
from notices.models import NoticeUserPermission
from notices.services import NoticeService
from recipients.dtos import Address
from recipients.models import RecipientGroupAdditionalRecipient, User
from recipients.services import RecipientGroupService
from tests.makers import make_draft, make_group, make_person, make_published, make_recipient

pytestmark = pytest.mark.django_db


def said(entries=None, *, reader=None):
    """What was said last, or of these entries."""
    chosen = list(Entry.objects.order_by("-at", "-id")[:1] if entries is None else entries)
    return [str(sentence) for sentence in sentences_of(chosen, reader=reader).values()]


def last(model, reader=None):
    entry = Entry.objects.filter(model=model).order_by("-at", "-id").first()
    return sentences_of([entry], reader=reader)[entry.pk]


def without_rows(like, kind, count, number):
    same = {name: getattr(like, name) for name in ("at", "user_id", "source", "model", "object_id", "subject_id")}
    return Entry(pk=-number, kind=kind, count=count, history_first=-1, history_last=-1, **same)


def change(thing, actor, **fields):
    for name, value in fields.items():
        setattr(thing, name, value)
    with acting(actor):
        thing.save()
    return said()[0]


def test_what_was_created_is_named(alice):
    make_draft("Fire drill", author=alice)
    assert str(last("notices.notice")) == "Alice Tester created “Fire drill”"


def test_a_moved_day_is_told_with_both_days(alice):
    notice = make_draft(author=alice, start_date=date(2026, 5, 1), end_date=date(2026, 5, 3))
    assert change(notice, alice, end_date=date(2026, 5, 10)) == (
        "Alice Tester moved the end of “Fire drill” from 3 May 2026 to 10 May 2026"
    )
    assert change(notice, alice, end_date=None) == "Alice Tester removed the end of “Fire drill”, which was 10 May 2026"
    assert change(notice, alice, end_date=date(2026, 5, 4)) == "Alice Tester set the end of “Fire drill” to 4 May 2026"


def test_a_renamed_thing_is_told_by_both_names_and_keeps_the_name_it_had(alice):
    notice = make_draft("Fire drill", author=alice)
    assert change(notice, alice, title="Fire {drill} of 100%") == "Alice Tester renamed “Fire drill” to “Fire {drill} of 100%”"
    first = Entry.objects.filter(model="notices.notice").earliest("id")
    assert said([first]) == ["Alice Tester created “Fire drill”"]


def test_several_changed_fields_are_named_and_long_texts_are_not_quoted(alice):
    notice = make_draft(author=alice)
    assert change(notice, alice, content="<p>New</p>") == "Alice Tester changed the text of “Fire drill”"
    assert change(notice, alice, title="Drill", content="<p>Newer</p>") == "Alice Tester changed title and text of “Drill”"
    assert last("notices.notice").details == ("title: Fire drill → Drill",)


def test_the_states_of_a_notice_are_verbs(alice, erin, grace, dave):
    notice = make_draft(author=alice, people=(dave,))
    acts = (
        (lambda: NoticeService.submit_for_review(notice.pk, actor=alice), "Alice Tester handed in “Fire drill” for review"),
        (
            lambda: NoticeService.return_to_author(notice.pk, actor=erin, reason="Say where"),
            "Erin Tester returned “Fire drill” to its author",
        ),
        (lambda: NoticeService.submit_for_review(notice.pk, actor=alice), "Alice Tester handed in “Fire drill” for review"),
        (lambda: NoticeService.approve(notice.pk, actor=erin), "Erin Tester approved “Fire drill”"),
        (
            lambda: NoticeService.set_audience(notice.pk, Address.of(people=[erin.pk]), actor=alice),
            "Alice Tester changed “Fire drill” after its approval, so that it is a draft again",
        ),
        (
            lambda: NoticeService.publish_without_approval(notice.pk, actor=grace, reason="Gas leak"),
            "Grace Tester published “Fire drill” and did so without approval",
        ),
        (lambda: NoticeService.withdraw(notice.pk, actor=alice), "Alice Tester withdrew “Fire drill”"),
        (lambda: NoticeService.delete(notice.pk, actor=alice), "Alice Tester put “Fire drill” into the trash"),
        (lambda: NoticeService.restore(notice.pk, actor=alice), "Alice Tester took “Fire drill” out of the trash"),
    )
    for act, sentence in acts:
        act()
        assert str(last("notices.notice")) == sentence
    assert str(last("notices.approval")) == "Grace Tester put on record for “Fire drill”: Published without approval"


def test_what_readers_do_is_told_as_their_act(alice, dave):
    notice = make_published(author=alice, people=(dave,), requires_acknowledgement=True)
    NoticeService.mark_as_read(notice, dave)
    assert str(last("notices.readacknowledgment")) == "Dave Tester opened “Fire drill”"
    NoticeService.acknowledge(notice, dave)
    assert str(last("notices.readacknowledgment")) == "Dave Tester acknowledged “Fire drill”"
    NoticeService.set_favourite(notice, dave, favourite=True)
    assert str(last("notices.favourite")) == "Dave Tester marked “Fire drill” as a favourite"


def test_what_is_recorded_of_another_is_not_told_as_their_act(alice, dave, grace):
    notice = make_published(author=alice, people=(dave,))
    with acting(grace):
        dave.readacknowledgment_set.create(notice=notice)
    assert str(last("notices.readacknowledgment")) == "Grace Tester recorded that Dave Tester opened “Fire drill”"


def test_many_at_once_are_counted_and_the_first_are_named(frank):
    group, people = make_group("Night shift"), [make_person(f"p{n}", last_name="P") for n in range(5)]
    with operation(Source.IMPORT, "nights.csv"), acting(frank):
        RecipientGroupAdditionalRecipient.objects.bulk_create(
            [RecipientGroupAdditionalRecipient(recipient_group=group, user=person) for person in people]
        )
    sentence = last("recipients.recipientgroupadditionalrecipient")
    assert str(sentence) == "Frank Tester added 5 people to Night shift from nights.csv"
    assert sentence.details == ("P0 P, P1 P, P2 P and 2 more",)


def test_links_are_told_by_both_ends(alice, frank, dave):
    group = make_group("Night shift")
    with acting(frank):
        RecipientGroupAdditionalRecipient.objects.create(recipient_group=group, user=dave)
    assert said() == ["Frank Tester added Dave Tester to Night shift"]
    leeds = make_recipient("Leeds")
    make_draft(author=alice, recipients=(leeds,))
    assert str(last("notices.noticerecipient")) == "Alice Tester added Leeds to the audience of “Fire drill”"


def test_roles_and_rights_are_given_and_granted(alice, grace, dave):
    with acting(grace):
        dave.groups.add(Group.objects.get(name=Role.AUTHOR))
        assert said() == ["Grace Tester gave the role Author to Dave Tester"]
        notice = make_draft(author=alice)
        right = Permission.objects.get(codename="change_notice")
        grant = NoticeUserPermission.objects.create(user=dave, permission=right, content_object=notice)
        assert said() == ["Grace Tester let Dave Tester change “Fire drill”"]
        grant.delete()
        assert said() == ["Grace Tester took from Dave Tester the right to change “Fire drill”"]
        dave.user_permissions.add(right)
        assert said() == ["Grace Tester gave Dave Tester the right “change notice”"]


def test_a_right_on_one_thing_is_told_as_what_it_allows(grace):
    """Each that can be granted has words of its own, for people and for roles."""
    told = set()
    for target in (make_draft("Fire drill", author=grace), make_recipient("Leeds"), make_group("Night shift")):
        for verb in verbs_of(target):
            with acting(grace):
                assign_perm(codename_of(verb, target), Group.objects.get(name=Role.AUTHOR), target)
            told |= set(said())
    assert "Grace Tester let the role Author send notices to Night shift" in told
    assert "Grace Tester let the role Author take “Fire drill” out of the trash" in told
    assert len(told) == 11 + 9 + 7
    assert not [sentence for sentence in told if "the right" in sentence]


def test_a_set_password_is_told_without_it(grace, dave):
    dave.set_password("something new and long")
    with acting(grace):
        dave.save()
    assert said() == ["Grace Tester set a password for Dave Tester"]


def test_what_was_deleted_keeps_its_name_and_so_do_its_links(grace, dave):
    group = make_group("Night shift", people=(dave,))
    with acting(grace):
        group.hard_delete()
    assert str(last("recipients.recipientgroup")) == "Grace Tester destroyed the group Night shift"
    assert str(last("recipients.recipientgroupadditionalrecipient")) == "Grace Tester removed Dave Tester from Night shift"


def test_a_write_without_a_person_says_whose_connection_it_was():
    make_recipient("Leeds")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL application_name = 'psql'")
        cursor.execute("UPDATE recipients_recipient SET name = 'York'")
        cursor.execute("SELECT session_user")
        role = cursor.fetchone()[0]
    assert said() == [f"Someone with the database role {role} (program psql) renamed “Leeds” to York"]


def test_the_system_is_called_so():
    with acting(None):
        make_group("Night shift")
    assert str(last("recipients.recipientgroup")) == "The system created the group Night shift"


def test_whose_data_were_erased_is_called_so(grace, dave):
    change(dave, grace, first_name="David")
    with maintenance(), connection.cursor() as cursor:
        cursor.execute("UPDATE recipients_historicaluser SET first_name='', last_name='', username='' WHERE id = %s", [dave.pk])
    assert said() == ["Grace Tester changed a person whose data were erased"]


def test_every_kind_of_change_of_every_model_can_be_told(alice, dave, grace, carol):
    """Also of models whose words are the plain ones, and of entries whose rows are gone."""
    make_published(author=alice, people=(dave,))
    entries = list(Entry.objects.all())
    kinds = [(entry, kind, count) for entry in entries for kind in "+~-" for count in (1, 7)]
    missing = [without_rows(entry, kind, count, number) for number, (entry, kind, count) in enumerate(kinds, 1)]
    gone = Entry(pk=-10_000, at=entries[0].at, source="form", model="shop.basket", kind="+", count=1, history_first=1, history_last=1)
    told = sentences_of([*entries, *missing, gone], reader=carol)
    assert len(told) == len(entries) + len(missing) + 1
    assert not [sentence for sentence in map(str, told.values()) if "{" in sentence]


def test_things_lead_where_the_reader_may_go(alice, bob, carol):
    notice = make_draft(author=alice)
    links = {reader: last("notices.notice", reader=reader).subject.url for reader in (bob, carol)}
    assert links == {bob: "", carol: f"/admin/notices/notice/{notice.pk}/change/"}


def test_a_page_of_any_length_takes_the_same_number_of_queries(alice, carol, dave):
    for number in range(6):
        make_draft(f"Drill {number}", author=alice, people=(dave,))
    entries = Entry.objects.filter(model="notices.notice").order_by("-id")

    def queries(number):
        reader = User.objects.get(pk=carol.pk)
        with CaptureQueriesContext(connection) as captured:
            sentences_of(list(entries[:number]), reader=reader)
        return len(captured)

    assert queries(1) == queries(6) < 15


def test_the_trash_is_told_of_groups_too(frank):
    group = make_group("Night shift")
    RecipientGroupService.delete(group.pk, actor=frank)
    assert said() == ["Frank Tester put Night shift into the trash"]
