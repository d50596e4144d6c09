"""Long lists: made in the background for one person, stopped, fetched for a day, and never by whoever lost the right."""

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection
from django.urls import reverse
from django.utils import timezone
from guardian.shortcuts import assign_perm

from audit.exports import making
from audit.exports.lists import lists
from audit.exports.making import KIND
from audit.models import AccessRecord, ListExport
from audit.pages import list_exports
from audit.tasks import forget_exports, make_export, sweep_exports
from backoffice import jobs
from backoffice.jobs import running
from backoffice.models import Job
from notices.roles import make_missing_roles
from recipients.models import User
from tests.audit.exported import body_of, lines_of, sheet_of, staff_who_may, take, taken
from tests.clock import travel
from tests.makers import make_draft, make_person, make_published

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "admin:exports"
State = ListExport.State


@pytest.fixture(autouse=True)
def _every_list_is_long(db, settings, tmp_path, monkeypatch):
    make_missing_roles()
    settings.MEDIA_ROOT = str(tmp_path)
    monkeypatch.setattr(list_exports, "MOST_AT_ONCE", 2)
    monkeypatch.setattr(jobs, "INTERVAL", 0)


@pytest.fixture
def drafts(alice):
    return [make_draft(f"Drill {number}", author=alice) for number in range(4)]


@pytest.fixture
def asked(client, alice, drafts) -> ListExport:
    """An export that alice asked for, and that no worker has taken up."""
    client.force_login(alice)
    answer = take(client, "notices", q="drill")
    assert answer.status_code == 302
    assert answer["Location"] == reverse(PAGE)
    return ListExport.objects.get()


def run(export) -> int:
    """The task, as a worker runs it."""
    return make_export.apply(args=(export.pk,), throw=True).result


def file_of(client, export):
    return client.get(reverse("admin:exports_file", args=[export.pk]))


def files(settings) -> list:
    return sorted((Path(settings.MEDIA_ROOT) / "exports").glob("*"))


def test_a_short_list_is_the_answer_at_once(client, alice, drafts):
    client.force_login(alice)
    assert len(taken(client, "notices", q='"Drill 1"')) == 1
    assert not ListExport.objects.exists()


@pytest.mark.parametrize("wanted", ["csv", "xlsx"])
def test_a_long_list_is_made_in_the_background_and_fetched_when_it_is_ready(client, alice, drafts, settings, wanted):
    client.force_login(alice)
    page = client.post(reverse("admin:export_notices") + "?q=drill", {"format": wanted}, follow=True).content.decode()
    export = ListExport.objects.get()
    assert "Waits for a worker." in page
    assert "Search: drill" in page
    assert (export.user, export.list_name, export.query, export.rows, export.state) == (alice, "notices", "q=drill", 4, State.MAKING)
    assert not AccessRecord.objects.filter(kind="export").exists()  # nothing has left yet
    assert file_of(client, export)["Location"] == reverse(PAGE)

    assert run(export) == 4
    export.refresh_from_db()
    assert reverse("admin:exports_file", args=[export.pk]) in client.get(reverse(PAGE)).content.decode()
    answer = file_of(client, export)
    record = AccessRecord.objects.get(kind="export")
    content = body_of(answer)
    assert (record.user, record.page, record.detail, record.rows) == (alice, "notices", f"{wanted} q=drill", 4)
    titles = [line[0] for line in (lines_of if wanted == "csv" else sheet_of)(content)]
    assert titles == ["Title", "Drill 3", "Drill 2", "Drill 1", "Drill 0"]
    assert (export.size, export.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert not Job.objects.exists()
    [file] = files(settings)
    assert file.stat().st_mode & 0o007 == 0


def test_what_is_made_twice_is_made_once(asked, settings):
    assert run(asked) == 4
    before = files(settings)[0].read_bytes()
    assert run(asked) == 0
    assert files(settings)[0].read_bytes() == before


def test_a_double_click_makes_one_file_and_another_filter_another(client, asked):
    take(client, "notices", q="drill")
    assert ListExport.objects.count() == 1
    take(client, "notices")
    assert ListExport.objects.count() == 2


def test_only_so_many_are_under_way_for_one_person(client, asked):
    take(client, "notices"), take(client, "notices", wanted="xlsx")
    take(client, "notices", q="drill", wanted="xlsx")
    assert ListExport.objects.count() == making.MOST_UNDER_WAY
    assert "Wait for one, or stop it." in client.get(reverse(PAGE)).content.decode()


def test_the_page_asks_again_while_one_is_under_way_and_then_no_more(client, asked):
    parts = reverse("admin:exports_under_way")
    assert f'hx-get="{parts}"' in client.get(reverse(PAGE)).content.decode()
    with running(KIND, asked.pk) as work:
        work.tell("writing", 1, 4)
        part = client.get(parts).content.decode()
    assert 'value="25"' in part
    assert "1 of 4 rows" in part
    run(asked)
    assert "hx-get" not in client.get(parts).content.decode()


# -- stopping --
def stop(client, export):
    return client.post(reverse("admin:exports_stop", args=[export.pk]))


def test_what_no_worker_has_taken_up_stops_at_once(client, asked, settings):
    assert client.get(reverse("admin:exports_stop", args=[asked.pk])).status_code == 405
    stop(client, asked)
    asked.refresh_from_db()
    assert asked.state == State.STOPPED
    assert run(asked) == 0
    assert files(settings) == []


@pytest.mark.parametrize("wanted", ["csv", "xlsx"])
def test_what_is_being_written_stops_and_leaves_nothing_behind(client, asked, settings, monkeypatch, wanted):
    """Stopped between two rows, by another request, while the worker writes."""
    ListExport.objects.update(format=wanted)
    told = []

    def tell(self, phase, done=0, total=0):
        if told:
            stop(client, asked)
        told.append(done)
        return original(self, phase, done, total)

    original = jobs.Run.tell
    monkeypatch.setattr(jobs.Run, "tell", tell)
    monkeypatch.setattr("audit.exports.csv_table.CHUNK", 1)
    monkeypatch.setattr("audit.exports.xlsx_table.AT_ONCE", 1)
    assert run(asked) == 0
    asked.refresh_from_db()
    assert (asked.state, len(told)) == (State.STOPPED, 2)
    assert files(settings) == []
    assert not Job.objects.exists()


def test_a_file_that_is_ready_cannot_be_stopped(client, asked, settings):
    run(asked)
    stop(client, asked)
    asked.refresh_from_db()
    assert asked.state == State.READY
    assert len(files(settings)) == 1


# -- whose it is --
@pytest.mark.parametrize("name", ["exports_file", "exports_stop"])
def test_another_persons_export_is_not_there(client, asked, grace, name):
    run(asked)
    client.force_login(grace)
    url = reverse(f"admin:{name}", args=[asked.pk])
    assert (client.get(url).status_code, client.post(url).status_code) == (404, 404)
    assert [client.get(reverse(f"admin:{name}", args=[pk])).status_code for pk in (10**9, 10**20)] == [404, 404]
    assert "drill" not in client.get(reverse(PAGE)).content.decode()


def test_the_page_is_for_who_may_export_something(client, bob, erin):
    client.force_login(bob)
    assert (client.get(reverse(PAGE)).status_code, client.get(reverse("admin:exports_under_way")).status_code) == (403, 403)
    client.force_login(erin)  # categories, if nothing else
    assert client.get(reverse(PAGE)).status_code == 200


def test_the_right_revoked_before_it_is_made_ends_it(asked, alice, settings):
    alice.groups.clear()
    assert run(asked) == 0
    asked.refresh_from_db()
    assert (asked.state, asked.problem) == (State.REFUSED, "You may no longer export this list.")
    assert files(settings) == []


def test_what_was_hidden_meanwhile_is_not_in_the_file(client, asked, alice, drafts):
    """Rows are those of the person when the file is made, not when it was asked for."""
    alice.groups.clear()
    alice.user_permissions.clear()
    for draft in drafts[:2]:
        draft.delete()
    alice.groups.add(Group.objects.get(name="Author"))
    assert run(asked) == 2
    assert ListExport.objects.get().rows == 2


def test_the_right_revoked_before_it_is_fetched_closes_it(client, asked, alice):
    run(asked)
    assert body_of(file_of(client, asked))
    alice.groups.clear()
    assert file_of(client, asked).status_code == 403
    assert AccessRecord.objects.filter(kind="export").count() == 1


def test_rights_on_some_rows_do_not_open_a_file_of_all(client, asked, alice, drafts):
    run(asked)
    alice.groups.clear()
    assign_perm("notices.export_notice", alice, drafts[0])
    assert lists()["notices"].may(User.objects.get(pk=alice.pk))  # a file of her own she may have made
    assert file_of(client, asked).status_code == 403


def test_what_one_may_not_see_is_not_named_among_the_filters(client, grace, facilities):
    for person, name in ((grace, "Facilities"), (staff_who_may("mia", "view_notice", "export_notice"), str(facilities.pk))):
        client.force_login(person)
        for number in range(3):
            make_draft(f"Drill {number}", author=grace, department=facilities)
        take(client, "notices", department__id__exact=facilities.pk)
        assert making.own(person).get().words == f"Department: {name}"


def test_who_left_the_staff_gets_nothing(client, asked, alice):
    run(asked)
    alice.is_staff = False
    alice.save()
    assert file_of(client, asked).status_code == 302  # to the sign-in
    assert not making.may_fetch(ListExport.objects.select_related("user").get())


def test_a_tab_is_made_for_its_very_notice(client, alice, settings):
    people = tuple(make_person() for _number in range(3))
    notice = make_published("Fire drill", author=alice, people=people)
    client.force_login(alice)
    take(client, "readers", notice.pk, only="unopened")
    export = ListExport.objects.get()
    assert (export.object_id, export.words) == (notice.pk, "“Fire drill”, Only: Not opened")
    assert run(export) == 3
    body_of(file_of(client, export))
    record = AccessRecord.objects.get(kind="export")
    assert (record.model, record.object_id, record.detail) == ("notices.notice", notice.pk, "csv only=unopened")


# -- time --
def test_a_file_is_kept_for_a_day(client, asked, settings):
    run(asked)
    ready = ListExport.objects.get().ended_at
    with travel(ready + timedelta(hours=24) - timedelta(seconds=1), tick=False):
        assert asked_is_kept()
        assert forget_exports() == 0
    with travel(ready + timedelta(hours=24), tick=False):
        assert not asked_is_kept()
        assert forget_exports() == 1
        assert forget_exports() == 0
    assert files(settings) == []
    answer = client.get(reverse("admin:exports_file", args=[asked.pk]), follow=True)
    assert "This file is not kept any more. Export the list again." in answer.content.decode()
    assert not AccessRecord.objects.filter(kind="export").exists()


def asked_is_kept() -> bool:
    return ListExport.objects.get().is_kept()


def test_a_file_that_somebody_removed_is_not_an_error(client, asked, settings):
    run(asked)
    files(settings)[0].unlink()
    assert file_of(client, asked)["Location"] == reverse(PAGE)
    assert not AccessRecord.objects.filter(kind="export").exists()


# -- accidents --
def test_what_a_killed_worker_left_is_written_anew(client, asked):
    path = making.path_of(asked)
    path.parent.mkdir()
    path.write_bytes(b"half a file" * 100_000)
    assert run(asked) == 4
    assert body_of(file_of(client, asked)).startswith("\ufeffTitle".encode())


def test_what_lost_its_message_is_sent_again(asked):
    assert sweep_exports() == 0
    Job.objects.update(asked_at=timezone.now() - timedelta(minutes=1))
    assert sweep_exports() == 1
    with running(KIND, asked.pk):
        assert sweep_exports() == 0
    assert run(asked) == 4
    assert sweep_exports() == 0


def test_what_ends_its_worker_again_and_again_is_given_up(asked, settings):
    Job.objects.update(attempts=making.MOST_ATTEMPTS)
    assert run(asked) == 0
    asked.refresh_from_db()
    assert asked.state == State.FAILED
    assert "Narrow the list" in asked.problem


def test_a_file_that_cannot_be_written_is_said_to_have_failed(client, asked, settings, tmp_path):
    (tmp_path / "exports").write_text("in the way")
    with pytest.raises(OSError):  # noqa: PT011 - which one depends on the system
        run(asked)
    asked.refresh_from_db()
    assert asked.state == State.FAILED
    assert "Try again later" in client.get(reverse(PAGE)).content.decode()
    assert not Job.objects.exists()


def test_what_the_worker_wrote_is_not_touched_by_a_later_refusal_of_the_database(asked, settings):
    """The outcome and the end of the job are one transaction: either both are there, or it is made again."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_listexport ADD CONSTRAINT no_ready CHECK (state <> 'ready') NOT VALID")
    try:
        with pytest.raises(IntegrityError, match="no_ready"):
            run(asked)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE audit_listexport DROP CONSTRAINT no_ready")
    asked.refresh_from_db()
    assert (asked.state, files(settings), Job.objects.count()) == (State.FAILED, [], 0)
