"""The steward's path through the pages, and everyone else's way past them."""

import io
import zipfile

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from audit.models import AccessRecord
from backoffice.jobs import ask_for
from backoffice.permissions import Role
from recipients.models import Import, Recipient, RecipientGroup
from recipients.services import ImportService
from recipients.services.imports.states import APPLY
from tests.makers import make_person
from tests.recipients.importing.conftest import carry_out, csv, members, read, take_back

HEADER = "Group code,Group name,Recipient code,Employee number,E-mail"
ADD = reverse("admin:recipients_import_add")


def url(name: str, batch: Import, *more: object) -> str:
    return reverse(f"admin:recipients_import_{name}", args=[batch.pk, *more])


@pytest.fixture
def as_frank(client, frank):
    client.force_login(frank)
    return client


def post_file(client, *rows: str, mode: str = "add", address: str = ADD):
    return client.post(address, {"file": csv(*rows), "mode": mode})


def said(response) -> str:
    return " ".join(response.content.decode().split())


class TestUploading:
    def test_a_file_is_taken_in_and_leads_to_its_own_page(self, as_frank, night, ben):
        response = post_file(as_frank, HEADER, "N,,,00043,")
        batch = Import.objects.get()
        assert response.headers["Location"] == url("change", batch)
        assert "Waiting for a worker" in said(as_frank.get(url("change", batch)))
        read(batch)
        assert "Add 1 member?" in said(as_frank.get(url("change", batch)))

    def test_nothing_is_uploaded_without_the_right(self, client, alice, carol):
        for person in (alice, carol):
            client.force_login(person)
            assert client.get(ADD).status_code == post_file(client, HEADER).status_code == 403
        assert not Import.objects.exists()

    def test_an_empty_file_is_refused_beside_the_field(self, as_frank):
        response = as_frank.post(ADD, {"file": SimpleUploadedFile("e.csv", b""), "mode": "add"})
        assert "This file is empty" in said(response)
        assert not Import.objects.exists()

    def test_a_file_that_is_too_large_is_refused_beside_the_field(self, as_frank, monkeypatch):
        monkeypatch.setattr("recipients.services.imports.uploading.DEFAULT_LIMITS", type("Limits", (), {"file_bytes": 10}))
        assert "The limit is 10" in said(post_file(as_frank, HEADER)).replace("\xa0", " ")
        assert not Import.objects.exists()

    @pytest.mark.parametrize("name", ["../../x.csv", "a" * 300 + ".csv", "con.csv", "<img src=x onerror=alert(1)>.csv", "x\u202egnp.csv"])
    def test_a_name_never_becomes_a_path_nor_markup(self, as_frank, name, settings):
        as_frank.post(ADD, {"file": SimpleUploadedFile(name, HEADER.encode()), "mode": "add"})
        stored = Import.objects.get().files.get()
        assert stored.file.path.startswith(f"{settings.MEDIA_ROOT}/imports/")
        assert "<img src=x" not in as_frank.get(url("change", stored.batch)).content.decode()

    def test_the_example_is_accepted_but_for_what_is_not_there(self, as_frank):
        example = as_frank.get(reverse("admin:recipients_import_example", args=["memberships"]))
        as_frank.post(ADD, {"file": SimpleUploadedFile("e.csv", example.content), "mode": "add"})
        batch = read(Import.objects.get())
        assert set(batch.problems.values_list("code", flat=True)) <= {
            "unknown_group",
            "unknown_recipient",
            "unknown_number",
            "unknown_email",
        }


class TestProblems:
    def test_the_message_stands_in_the_offending_cell(self, as_frank, upload, night):
        batch = upload(HEADER, "N,,,00042,", "N,,,,nobody@example.org")
        page = said(as_frank.get(url("change", batch)))
        assert "1 row is wrong" in page
        assert "To mend: 1 unknown e-mail address." in page
        assert '<td class="import-cell is-wrong">nobody@example.org<span class="bo-problem">Nobody has this e-mail address.' in page

    def test_only_the_first_rows_are_shown_and_how_many_more(self, as_frank, upload, night):
        page = said(as_frank.get(url("change", upload(HEADER, *(f"N,,,,no{n}@example.org" for n in range(25))))))
        assert page.count("import-cell is-wrong") == 20
        assert "And 5 more rows." in page

    def test_a_file_that_cannot_be_read_says_where_and_what_to_do(self, as_frank, upload):
        batch = upload(HEADER, 'N,,,"00042,')
        assert batch.state == Import.State.UNREADABLE
        page = said(as_frank.get(url("change", batch)))
        assert "The quotation mark opened on line 2 is never closed." in page

    def test_windows_text_is_read_only_once_the_names_were_seen(self, as_frank, frank, night):
        file = SimpleUploadedFile("w.csv", f"{HEADER}\nN,Zoë's night,,00042,".encode("cp1252"))
        batch = read(ImportService.upload(file, kind="memberships", mode="add", actor=frank))
        assert batch.state == Import.State.UNREADABLE
        assert "Zoë&#x27;s night" in said(as_frank.get(url("change", batch)))
        as_frank.post(url("answer", batch), {"encoding": "cp1252"})
        assert read(batch).state == Import.State.CHECKED


class TestAnswering:
    def test_a_column_of_another_name_is_mapped_by_hand(self, as_frank, frank, night, ben):
        batch = read(ImportService.upload(csv("Team,Number", "N,00043"), kind="memberships", mode="add", actor=frank))
        page = said(as_frank.get(url("change", batch)))
        assert "There is no column “Group code”" in page
        assert "Say what each column of your file is" in page
        as_frank.post(url("answer", batch), {"column-0": "group", "column-1": "employee_number"})
        assert read(batch).summary["new"] == 1

    def test_one_of_several_sheets_is_chosen(self, as_frank, frank, night, ben):
        content = io.BytesIO()
        with xlsxwriter.Workbook(content) as book:
            for name, number in (("May", "1"), ("June", "00043")):
                sheet = book.add_worksheet(name)
                sheet.write_row(0, 0, ["Group code", "Employee number"])
                sheet.write_row(1, 0, ["N", number])
        file = SimpleUploadedFile("members.xlsx", content.getvalue())
        batch = read(ImportService.upload(file, kind="memberships", mode="add", actor=frank))
        assert "Which sheet holds the rows?" in said(as_frank.get(url("change", batch)))
        as_frank.post(url("answer", batch), {"sheet": "June"})
        assert read(batch).summary["new"] == 1


class TestMending:
    def test_wrong_rows_go_out_with_a_reason_and_come_back_mended(self, as_frank, upload, night, ben):
        batch = upload(HEADER, "N,,,00042,", "N,,,,benn@example.org")
        failing = b"".join(as_frank.get(url("failing", batch)).streaming_content).decode("utf-8-sig").splitlines()
        assert failing[0] == f"{HEADER},error"
        assert failing[1].startswith('N,,,,benn@example.org,"E-mail: Nobody has this e-mail address.')
        as_frank.post(url("mend", batch), {"file": csv(failing[0], failing[1].replace("benn@", "ben@"))})
        batch = read(batch)
        assert [batch.summary[name] for name in ("wrong_rows", "new", "unchanged")] == [0, 1, 1]
        assert members(carry_out(batch).files.first() and night) == {"ann", "SEC", "ben"}

    def test_a_row_whose_cells_have_shifted_stays_wrong_until_it_is_mended(self, as_frank, upload, night, ben):
        batch = upload(HEADER, "N,,,00042,", "N,,00043,", "N,,,,00043,")
        failing = b"".join(as_frank.get(url("failing", batch)).streaming_content).decode("utf-8-sig").splitlines()
        as_frank.post(url("mend", batch), {"file": csv(*failing)})
        assert [read(batch).summary[name] for name in ("wrong_rows", "new")] == [2, 0]

    def test_columns_that_were_mapped_by_hand_are_the_same_among_the_mended_rows(self, as_frank, frank, night, ben):
        batch = read(ImportService.upload(csv("Team,Number", "N,00043", "N,4"), kind="memberships", mode="add", actor=frank))
        as_frank.post(url("answer", batch), {"column-0": "group", "column-1": "employee_number"})
        failing = b"".join(as_frank.get(url("failing", read(batch))).streaming_content).decode("utf-8-sig").splitlines()
        as_frank.post(url("mend", batch), {"file": csv(failing[0], "N,00042,")})
        assert [read(batch).summary[name] for name in ("wrong_rows", "new", "unchanged")] == [0, 1, 1]

    def test_mended_rows_may_come_from_windows(self, as_frank, upload, night, ben):
        batch = upload(HEADER, "N,,,00042,", "N,,,4,")
        file = SimpleUploadedFile("mended.csv", f"{HEADER},error\nN,,,00043,,déjà vu".encode("cp1252"))
        as_frank.post(url("mend", batch), {"file": file})
        assert read(batch).state == Import.State.UNREADABLE
        as_frank.post(url("answer", batch), {"encoding": "cp1252"})
        assert [read(batch).summary[name] for name in ("wrong_rows", "new")] == [0, 1]

    def test_a_file_that_cannot_mend_is_left_out_again(self, as_frank, upload, night):
        batch = upload(HEADER, "N,,,00042,", "N,,,4,")
        as_frank.post(url("mend", batch), {"file": csv(HEADER)})
        assert "Leave this file out" in said(as_frank.get(url("change", read(batch))))
        as_frank.post(url("leave_out", batch))
        assert [read(batch).summary[name] for name in ("wrong_rows", "unchanged")] == [1, 1]

    def test_wrong_rows_that_do_not_come_back_remove_nobody(self, as_frank, upload, night, ben):
        batch = upload(HEADER, "N,,,00043,", "N,,,42,", "N,,SECX,,", mode="replace")
        as_frank.post(url("mend", batch), {"file": csv(HEADER, "N,,SEC,,")})
        batch = read(batch)
        assert (batch.summary["not_mended"], batch.summary["removed"]) == (1, 0)
        assert "1 wrong rows are not among the mended ones" in said(as_frank.get(url("change", batch)))

    def test_a_mended_file_with_more_columns_removes_no_more(self, as_frank, upload, night, ben):
        batch = upload("Group code,Employee number", "N,00042", "N,4", mode="replace")
        as_frank.post(url("mend", batch), {"file": csv(HEADER, "N,,,00043,")})
        assert read(batch).summary["removed"] == 0

    def test_good_rows_first_and_the_mended_in_an_import_that_follows(self, as_frank, upload, night, ben):
        make_person("cas", employee_number="00044")
        batch = upload(HEADER, "N,,,00043,", "N,,,4,")
        as_frank.post(url("confirm", batch), {"reading": batch.readings})
        batch.refresh_from_db()
        assert batch.state == Import.State.CHECKED  # all or nothing, unless one says otherwise
        batch = carry_out(batch, sets_aside=True)
        assert members(night) == {"ann", "SEC", "ben"}
        response = as_frank.post(url("mend", batch), {"file": csv(HEADER, "N,,,00044,")})
        following = Import.objects.get(follows=batch)
        assert response.headers["Location"] == url("change", following)
        carry_out(read(following))
        assert members(night) == {"ann", "SEC", "ben", "cas"}


class TestDeciding:
    def test_a_double_click_imports_once(self, as_frank, upload, night, ben):
        batch = upload(HEADER, "N,,,00043,")
        first, second = (as_frank.post(url("confirm", batch), {"reading": batch.readings}) for _click in range(2))
        assert (first.status_code, second.status_code) == (302, 409)
        ImportService.apply(batch.pk)
        ImportService.apply(batch.pk)
        assert members(night) == {"ann", "SEC", "ben"}

    def test_only_whoever_uploaded_it_confirms_it(self, client, frank, upload, night, ben):
        batch = upload(HEADER, "N,,,00043,")
        other = make_person("gus", staff=True, is_superuser=True)
        client.force_login(other)
        assert "Add 1 member?" not in said(client.get(url("change", batch)))
        assert client.post(url("confirm", batch), {"reading": batch.readings}).status_code == 403

    def test_what_is_confirmed_is_the_preview_that_was_seen(self, as_frank, upload, night, ben):
        batch = upload(HEADER, "N,,,00043,")
        seen = batch.readings
        ImportService.read_again(batch.pk, actor=batch.created_by)
        read(batch)
        assert "since you opened this page" in said(as_frank.post(url("confirm", batch), {"reading": seen}))

    def test_removing_many_asks_for_the_number(self, as_frank, upload, night, ben):
        batch = upload(HEADER, "N,,,00043,", mode="replace")
        assert "Type how many members" in said(as_frank.post(url("confirm", batch), {"reading": batch.readings, "typed": "3"}))
        assert as_frank.post(url("confirm", batch), {"reading": batch.readings, "typed": "2"}).status_code == 302

    def test_the_same_rows_imported_before_are_pointed_out(self, as_frank, upload, night, ben):
        first = carry_out(upload(HEADER, "N,,,00043,", "N,,SEC,,"))
        second = upload(HEADER.lower(), "N,,SEC,,", '"N",,,00043,')
        assert f'<a href="{url("change", first)}">' in said(as_frank.get(url("change", second)))

    def test_progress_leads_to_the_whole_page_once_the_work_has_ended(self, as_frank, upload, night, ben):
        batch = upload(HEADER, "N,,,00043,")
        ImportService.confirm(batch.pk, reading=batch.readings, actor=batch.created_by)
        assert "HX-Refresh" not in as_frank.get(url("progress", batch)).headers
        ImportService.apply(batch.pk)
        assert as_frank.get(url("progress", batch)).headers["HX-Refresh"] == "true"

    def test_what_is_stopped_before_it_began_leaves_nothing(self, as_frank, upload, night, ben):
        batch = upload(HEADER, "N,,,00043,")
        ImportService.confirm(batch.pk, reading=batch.readings, actor=batch.created_by)
        as_frank.post(url("stop", batch))
        ImportService.apply(batch.pk)
        batch.refresh_from_db()
        assert batch.state == Import.State.STOPPED
        assert members(night) == {"ann", "SEC"}
        assert "Nothing was changed" in said(as_frank.get(url("change", batch)))

    def test_stopping_is_offered_to_those_who_may_stop_it(self, client, frank, grace, upload, night, ben):
        batch = upload(HEADER, "N,,,00043,")
        ImportService.confirm(batch.pk, reading=batch.readings, actor=batch.created_by)
        for person, offered in ((make_person("fay", role=Role.STEWARD), False), (frank, True), (grace, True)):
            client.force_login(person)
            assert (url("stop", batch) in said(client.get(url("change", batch)))) is offered
            assert (client.post(url("stop", batch)).status_code == 302) is offered

    def test_rows_are_searched_by_person_and_group(self, as_frank, upload, night, ben):
        batch = upload(HEADER, "N,,,00043,", "N,,,00042,")
        found = said(as_frank.get(url("rows", batch), {"q": "ben night"}))
        assert "ben@example.org" in found
        assert "ann@example.org" not in found
        assert "ann@example.org" in said(as_frank.get(url("rows", batch), {"outcome": "unchanged"}))


class TestAfterwards:
    def test_whoever_asked_for_it_is_mailed_once_it_is_done(self, upload, night, ben, mailbox):
        batch = carry_out(upload(HEADER, "N,,,00043,"), mails_when_done=True)
        assert ImportService.tell(batch.pk) == 1
        assert "Added 1, changed 0, removed 0, set aside 0." in mailbox.messages[0].get_content()
        assert ImportService.tell(carry_out(upload(HEADER, "N,,,,frank@example.org")).pk) == 0

    def test_the_file_is_kept_as_it_was_and_taking_it_is_recorded(self, as_frank, upload, night, frank):
        batch = upload(HEADER, "N,,,00042,")
        response = as_frank.get(url("file", batch, 1))
        assert b"".join(response.streaming_content) == f"{HEADER}\nN,,,00042,".encode()
        assert response.headers["Content-Disposition"].startswith("attachment")
        assert AccessRecord.objects.get(page="import file").user == frank
        assert b"".join(as_frank.post(url("file", batch, 1)).streaming_content)
        assert AccessRecord.objects.filter(page="import file").count() == 2

    def test_undo_says_what_it_reverts_and_what_others_changed_since(self, as_frank, upload, night, ben, frank):
        make_person("cas", employee_number="00044")
        batch = carry_out(upload(HEADER, "N,,,00043,", "N,,,00044,"))
        link = night.recipientgroupadditionalrecipient_set.get(user=ben)
        link.delete()
        page = said(as_frank.get(url("undo", batch)))
        assert "1 member that it added is taken out." in page
        assert "1 change was changed again since, and is left as it is" in page
        as_frank.post(url("undo", batch), {"reason": "Wrong file"})
        ImportService.revert(batch.pk)
        batch.refresh_from_db()
        assert members(night) == {"ann", "SEC"}
        assert (batch.state, batch.summary["undone"], batch.summary["left"]) == ("undone", 1, 1)

    def test_undo_leaves_what_others_decided_since(self, upload, night, ann, ben):
        batch = carry_out(upload(HEADER, "N,,,00043,", "N,Nights,SEC,,", mode="replace"), typed="1")
        assert members(night) == {"ben", "SEC"}
        night.recipientgroupadditionalrecipient_set.create(user=ann)
        night.recipientgroupadditionalrecipient_set.filter(user__in=(ann, ben)).delete()  # as others decided, ann is out
        for name in ("Other", "Nights"):
            RecipientGroup.objects.filter(pk=night.pk).update(name=name)
        batch = take_back(batch)
        assert (batch.summary["undone"], batch.summary["left"]) == (0, 3)
        night.refresh_from_db()
        assert (night.name, members(night)) == ("Nights", {"SEC"})

    def test_undo_leaves_what_is_gone(self, upload, night, ben):
        batch = carry_out(upload(HEADER, "N,,,00042,", "N,,,00043,", "N,,,00042,", mode="replace"), typed="1")
        assert members(night) == {"ann", "ben"}
        Recipient.objects.get(code="SEC").delete()
        batch = take_back(batch)
        assert (batch.state, batch.summary["undone"], batch.summary["left"]) == (Import.State.UNDONE, 1, 1)

    def test_whoever_sees_imports_but_imports_nothing_decides_nothing(self, client, carol, upload, night, ben):
        batch = upload(HEADER, "N,,,00043,")
        client.force_login(carol)
        assert "Add 1 member?" not in said(client.get(url("change", batch)))
        for name in ("confirm", "again", "stop", "answer", "mend", "undo"):
            assert client.post(url(name, batch)).status_code in {403, 409}
        batch.refresh_from_db()
        assert batch.state == Import.State.CHECKED

    def test_imports_are_not_there_for_those_who_may_not_see_them(self, client, alice, upload, night):
        batch = upload(HEADER, "N,,,00042,")
        client.force_login(alice)
        for name in ("change", "rows", "progress", "failing", "undo", "history"):
            assert client.get(url(name, batch)).status_code in {403, 404}
            assert client.get(reverse(f"admin:recipients_import_{name}", args=[10**9])).status_code in {403, 404}


def test_a_workbook_is_imported_like_text(frank, night, ben):
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([("Group code", "Employee number"), ("N", "00043")]):
            sheet.write_row(number, 0, row)
    assert zipfile.is_zipfile(content)
    file = SimpleUploadedFile("members.xlsx", content.getvalue())
    carry_out(read(ImportService.upload(file, kind="memberships", mode="add", actor=frank)))
    assert "ben" in members(night)


def test_a_page_answers_while_the_work_goes_on(as_frank, upload, night, ben):
    batch = upload(HEADER, "N,,,00043,")
    Import.objects.filter(pk=batch.pk).update(state=Import.State.APPLYING)
    ask_for(APPLY, batch.pk)
    assert "Waiting for a worker" in said(as_frank.get(url("progress", batch)))
