"""The History tab: what happened to an object and to what belongs to it, and how it was at a moment."""

from datetime import timedelta
from http import HTTPStatus

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from guardian.shortcuts import assign_perm

from audit.attribution import acting
from audit.models import AccessRecord, Entry
from audit.object_history.lines import lines_of
from audit.object_history.points import Point
from notices.models import Notice
from notices.services import NoticeService
from recipients.dtos import Address
from recipients.models import RecipientGroupAdditionalRecipient, RoleAssignment
from tests.makers import make_draft, make_group, make_person, make_published, make_recipient

pytestmark = pytest.mark.django_db


def history(obj, kind="notices_notice", page="history"):
    return reverse(f"admin:{kind}_{page}", args=[obj.pk])


def anything(label, pk, page="history"):
    return reverse(f"admin:audit_{page}", args=[label, pk])


@pytest.fixture
def author(client, alice):
    client.force_login(alice)
    return client


def kinds(response) -> list[tuple[str, str]]:
    return [(line.entry.model.split(".")[1], line.entry.kind) for line in response.context["lines"]]


def test_a_notice_shows_what_happened_to_it_and_to_what_belongs_to_it(author, alice, dave):
    group = make_group("Night shift")
    draft = make_draft("Fire drill", author=alice, groups=(group,))
    NoticeService.set_audience(draft.pk, Address.of(people=[dave.pk]), actor=alice)
    page = author.get(history(draft))
    assert sorted(kinds(page)) == [
        ("notice", "+"),
        ("noticeadditionalrecipient", "+"),
        ("noticerecipientgroup", "+"),
        ("noticerecipientgroup", "-"),
    ]
    assert "Night shift" in page.content.decode()


def test_members_belong_to_their_group_and_roles_to_their_person(client, grace, dave):
    group, recipient = make_group("Night shift", people=(dave,)), make_recipient("Leeds")
    RoleAssignment.objects.create(user=dave, recipient=recipient)
    client.force_login(grace)
    assert ("recipientgroupadditionalrecipient", "+") in kinds(client.get(history(group, "recipients_recipientgroup")))
    of_dave = kinds(client.get(history(dave, "recipients_user")))
    assert {("roleassignment", "+"), ("recipientgroupadditionalrecipient", "+"), ("user", "+")} <= set(of_dave)
    of_grace = kinds(client.get(history(grace, "recipients_user")))
    assert ("user_groups", "+") in of_grace


def test_grants_on_an_object_belong_to_it(author, alice, dave):
    draft = make_draft(author=alice)
    assign_perm("notices.change_notice", dave, draft)
    assert kinds(author.get(history(draft)))[0] == ("noticeuserpermission", "+")


def test_what_readers_did_is_shown_when_asked_for(author, alice, dave):
    notice = make_published(author=alice, people=(dave,))
    NoticeService.mark_as_read(notice, dave)
    assert "readacknowledgment" not in dict(kinds(author.get(history(notice))))
    with_readers = author.get(history(notice), {"readers": ""})
    assert kinds(with_readers)[0] == ("readacknowledgment", "+")
    assert b'name="old" value="%d"' % with_readers.context["lines"][0].point.history_id not in with_readers.content


def test_a_change_shows_both_values_with_the_words_that_differ_marked(author, alice):
    draft = make_draft(author=alice, content="<p>The drill is on Tuesday at ten.</p>")
    draft.content = "<p>The drill is on Friday at ten.</p>"
    NoticeService.save_changes(draft, actor=alice, version=draft.version)
    page = author.get(history(draft)).content.decode()
    assert "<del>Tuesday</del>" in page
    assert "<ins>Friday</ins>" in page


def test_text_of_people_is_escaped_in_differences(author, alice):
    draft = make_draft("<b>Bold</b> one", author=alice, content="<p>&lt;b&gt;a&lt;/b&gt;</p>")
    draft.title, draft.content = "<b>Bold</b> two", "<p>&lt;b&gt;c&lt;/b&gt;</p>"
    NoticeService.save_changes(draft, actor=alice, version=draft.version)
    newest, oldest = (str(row.history_id) for row in draft.history.all())
    for page in (
        author.get(history(draft)),
        author.get(history(draft, page="history_compare"), {"old": oldest, "new": newest}),
        author.get(history(draft, page="history_as_of")),
    ):
        assert "<b>Bold" not in page.content.decode()
        assert "<b>a" not in page.content.decode()


def test_one_statement_is_one_line_that_counts_what_concerns_the_object(author, alice):
    group, other = make_group("Night shift"), make_group("Day shift")
    people = [make_person() for _ in range(30)]
    with acting(alice):
        RecipientGroupAdditionalRecipient.objects.bulk_create(
            [RecipientGroupAdditionalRecipient(recipient_group=g, user=p) for p in people for g in (group, other)]
        )
    lines = author.get(history(group, "recipients_recipientgroup")).context["lines"]
    assert [(line.entry.kind, line.entry.count) for line in lines] == [("+", 30), ("+", 1)]


def test_a_long_history_is_turned_page_by_page_without_a_gap(author, alice):
    recipient = make_recipient("Leeds")
    for number in range(60):
        recipient.name = f"Leeds {number}"
        recipient.save()
    address, seen = history(recipient, "recipients_recipient"), []
    parameters = {}
    while True:
        page = author.get(address, parameters)
        seen += [line.point.history_id for line in page.context["lines"]]
        if not page.context["older"]:
            break
        parameters = {"before": page.context["older"]}
    assert seen == list(recipient.history.values_list("history_id", flat=True))
    assert len(seen) == 61


@pytest.mark.parametrize("before", ["", "x", "1-", "9999999999999999-999999999999999999", "-1-2", "1-2-3", "٣-٣"])
def test_a_nonsense_page_is_no_failure(author, alice, before):
    assert author.get(history(make_draft(author=alice)), {"before": before}).status_code == HTTPStatus.OK


def test_a_long_history_is_read_by_its_index(alice):
    draft = make_draft(author=alice)
    with CaptureQueriesContext(connection) as captured, connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        lines_of(Notice, draft.pk, [], before=Point(timezone.now() + timedelta(days=1)), limit=26, reader=alice)
        walk = next(query["sql"] for query in captured if "RECURSIVE" in query["sql"])
        cursor.execute(f"EXPLAIN {walk}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Sort" not in plan.split("CTE walk")[1].split("WorkTable")[0]
    assert "Index" in plan


# -- nothing can be posted --
@pytest.mark.parametrize("page", ["history", "history_compare", "history_as_of"])
def test_nothing_can_be_posted_to_a_history_page(client, alice, carol, grace, page):
    draft = make_draft("Fire drill", author=alice)
    for person in (alice, carol, grace):
        client.force_login(person)
        for method in (client.post, client.put, client.patch, client.delete):
            assert method(history(draft, page=page), {"title": "Forged"}).status_code in {403, 405}
        assert client.post(anything("notices.notice", draft.pk), {"title": "Forged"}).status_code in {403, 405}
    draft.refresh_from_db()
    assert draft.title == "Fire drill"
    assert draft.history.count() == 1


def test_there_is_no_page_of_a_version_as_simple_history_has_one(client, grace, alice):
    """Its form wrote on POST for whoever might see the object."""
    draft = make_draft("Fire drill", author=alice)
    client.force_login(grace)
    address = f"{history(draft)}{draft.history.get().history_id}/"
    assert client.post(address, {"title": "Forged"}).status_code in {302, 403, 404}
    draft.refresh_from_db()
    assert draft.title == "Fire drill"


# -- as it was --
def test_an_object_as_it_was_on_a_day(author, alice):
    recipient = make_recipient("Leeds")
    between = timezone.localtime()
    recipient.name = "York"
    recipient.save()
    page = author.get(history(recipient, "recipients_recipient", "history_as_of"), {"at": f"{between:%Y-%m-%dT%H:%M:%S.%f}"})
    facts = {fact.name: fact.value for fact in page.context["state"].facts}
    assert facts["name"] == "Leeds"


def test_before_it_existed_the_page_says_so(author, alice):
    draft = make_draft(author=alice)
    page = author.get(history(draft, page="history_as_of"), {"at": "2001-02-03T04:05"})
    assert "It did not exist yet" in page.content.decode()


@pytest.mark.parametrize("at", ["x", "2026-99-99", "0001-01-01T00:00", "9999-12-31T23:59:59", "2026-03-29T01:30:00", "\0"])
def test_a_moment_that_is_none_is_refused_in_words(author, alice, at):
    page = author.get(history(make_draft(author=alice), page="history_as_of"), {"at": at})
    assert page.status_code == HTTPStatus.OK
    assert page.context["problem"] or page.context["state"] or page.context["absence"]


# -- what is gone --
def test_the_history_of_what_was_destroyed_stays_for_compliance(client, alice, carol, grace):
    draft = make_draft("Fire drill", author=alice)
    NoticeService.delete(draft.pk, actor=alice)
    pk = draft.pk
    NoticeService.destroy(pk, actor=grace, reason="Written twice")
    client.force_login(carol)
    assign_perm("audit.view_entry", carol)
    page = client.get(anything("notices.notice", pk))
    assert page.status_code == HTTPStatus.OK
    assert page.context["lines"][0].entry.reason == "Written twice"
    assert "It is gone for good" in page.content.decode()
    gone = client.get(anything("notices.notice", pk, "history_as_of"))
    assert "It was gone by then" in gone.content.decode()
    first = page.context["lines"][-1].point.history_id
    assert "Fire drill" in client.get(anything("notices.notice", pk, "history_as_of"), {"version": first}).content.decode()


def test_the_history_of_anything_asks_for_the_timeline_or_the_thing_itself(client, alice, bob, carol, dave):
    draft = make_draft(author=alice)
    client.force_login(bob)
    assert client.get(anything("notices.notice", draft.pk)).status_code == HTTPStatus.FORBIDDEN
    client.force_login(alice)
    assert client.get(anything("notices.notice", draft.pk)).status_code == HTTPStatus.OK
    assign_perm("audit.view_entry", carol)
    client.force_login(carol)
    for label in ("notices.nothing", "nonsense", "audit.entry", "notices.delivery"):
        assert client.get(anything(label, draft.pk)).status_code == HTTPStatus.NOT_FOUND
    assert client.get(anything("notices.notice", 10**30)).status_code == HTTPStatus.NOT_FOUND


def test_names_of_people_are_not_shown_to_whoever_may_not_see_people(client, alice, dave):
    secret = make_person("secret")
    draft = make_draft(author=alice, people=(secret,))
    guest = make_person("guest", staff=True)
    assign_perm("notices.view_notice", guest, draft)
    client.force_login(guest)
    page = client.get(history(draft))
    assert page.status_code == HTTPStatus.OK
    assert "Secret Tester" not in page.content.decode()
    assert "Secret Tester" not in client.get(history(draft, page="history_as_of")).content.decode()


def test_a_statement_about_many_objects_shows_in_each_only_its_own_change(author, alice):
    recipients = [make_recipient(name) for name in ("Leeds", "York")]
    with acting(alice):
        type(recipients[0]).objects.update(kind="site")
    line = author.get(history(recipients[0], "recipients_recipient")).context["lines"][0]
    assert (line.entry.count, Entry.objects.latest("id").count) == (1, 2)
    assert [change.name for change in line.changes] == ["kind"]


def test_many_links_of_a_person_name_what_they_lead_to(client, grace, dave):
    places = [make_recipient(name) for name in ("Leeds", "York")]
    with acting(grace):
        RoleAssignment.objects.bulk_create([RoleAssignment(user=dave, recipient=place) for place in places])
    client.force_login(grace)
    assert client.get(history(dave, "recipients_user")).context["lines"][0].details == ("Leeds, York",)


@pytest.mark.parametrize("page", ["history", "history_compare", "history_as_of"])
def test_every_look_at_a_history_leaves_an_access_record(author, alice, page):
    draft = make_draft(author=alice)
    number = draft.history.get().history_id
    author.get(history(draft, page=page), {"old": number, "new": number})
    record = AccessRecord.objects.latest("id")
    assert (record.user, record.model, record.object_id, record.kind) == (alice, "notices.notice", draft.pk, "view")
