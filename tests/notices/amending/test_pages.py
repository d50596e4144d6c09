"""The pages of a change: what they offer to whom, what they say in numbers, and what they keep when they refuse."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from notices.models import Amendment, Notice, ReadAcknowledgment
from notices.services import NoticeService
from recipients.models import User
from tests.makers import make_published
from tests.notices.amending.steps import NEW, WHY, amend, hand_in, write


def page(notice, name="amend"):
    return reverse(f"admin:notices_notice_{name}", args=[notice.pk])


REVIEW = "amend_review"


def buttons(client, notice):
    return [button.text for button in client.get(page(notice, "delivery")).context["header"].buttons]


def fields_of(client, notice):
    """What the form of the text would send as it stands."""
    form = client.get(page(notice)).context["form"]
    return {field.html_name: "" if field.value() is None else field.value() for field in form if field.name != "added"}


def decide(client, notice, act, **fields):
    shown = client.get(page(notice, REVIEW)).context
    sent = {"do": act, "version": shown["change"].version, "people": shown["people"], "reason": WHY} | fields
    return client.post(page(notice, REVIEW), sent)


@pytest.fixture
def author(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def as_(client):
    def log_in(person: User):
        client.force_login(person)
        return client

    return log_in


class TestWriting:
    def test_it_begins_with_what_is_on_show(self, author, notice):
        assert "Change…" in buttons(author, notice)
        assert fields_of(author, notice) == {"title": "Fire drill", "content": notice.content, "end_date": "", "due_date": "", "version": 0}

    def test_what_is_written_is_kept_and_shown_against_what_is_on_show(self, author, notice):
        response = author.post(page(notice), fields_of(author, notice) | {"content": NEW}, follow=True)
        assert response.redirect_chain[-1][0] == page(notice, REVIEW)
        shown = response.content.decode()
        assert "<del>Tuesday</del>" in shown
        assert "<ins>Wednesday</ins>" in shown
        assert Notice.objects.get().content != NEW
        assert "Go on with the change" in buttons(author, notice)
        assert fields_of(author, notice)["content"] == NEW

    def test_files_are_added_taken_off_and_left_after_all(self, author, notice, alice):
        upload = SimpleUploadedFile("plan.txt", b"At the gate.")
        author.post(page(notice), fields_of(author, notice) | {"added": [upload, SimpleUploadedFile("map.txt", b"Here.")]})
        shown = author.get(page(notice, REVIEW))
        assert "Added: plan.txt" in shown.content.decode()
        [plan, _map] = Amendment.objects.get().files.all()
        file = author.get(reverse("admin:notices_notice_amend_file", args=[notice.pk, plan.pk]))
        assert b"".join(file.streaming_content) == b"At the gate."
        author.post(page(notice), fields_of(author, notice) | {"dropped": [plan.pk]})
        amend(notice, "typo", alice, version=2)
        [attachment] = notice.attachments.all()
        assert attachment.name == "map.txt"
        author.post(page(notice), fields_of(author, notice) | {"taken_off": [attachment.pk]})
        assert "Removed: map.txt" in author.get(page(notice, REVIEW)).content.decode()

    @pytest.mark.parametrize(
        ("wrong", "message"),
        [
            ({"title": ""}, "This field is required."),
            ({"content": "<p></p>"}, "Write something: the text is empty."),
            ({"end_date": "2020-01-01"}, "The end is before the start."),
            ({"due_date": "2020-01-01"}, "That day has passed."),
            ({"added": SimpleUploadedFile("virus.exe", b"MZ")}, "is of a kind that cannot be attached"),
        ],
    )
    def test_what_is_wrong_stands_beside_its_field_and_the_rest_is_kept(self, author, notice, wrong, message):
        response = author.post(page(notice), fields_of(author, notice) | {"title": "Typed"} | wrong)
        shown = response.content.decode()
        assert message in shown
        assert "title" in wrong or 'value="Typed"' in shown
        assert not Amendment.objects.exists()

    def test_a_page_opened_before_another_saved_says_so_and_keeps_what_was_typed(self, author, notice, grace):
        opened = fields_of(author, notice)
        write(notice, grace, title="Hers")
        response = author.post(page(notice), opened | {"title": "Mine"})
        shown = response.content.decode()
        assert "Grace Tester saved this change while you were writing." in shown
        assert 'value="Mine"' in shown
        assert Amendment.objects.get().title == "Hers"
        again = {
            field.html_name: "" if field.value() is None else field.value() for field in response.context["form"] if field.name != "added"
        }
        author.post(page(notice), again)
        assert Amendment.objects.get().title == "Mine"


class TestDeciding:
    @pytest.fixture
    def written(self, notice, alice):
        return write(notice, alice)

    def test_it_says_what_each_kind_does_in_numbers(self, author, written, notice, dave):
        shown = author.get(page(notice, REVIEW)).content.decode()
        assert "1 acknowledgement stands. It goes on naming the words that were confirmed." in shown
        assert "2 people are asked again: it is unread for all of them" in shown
        assert "1 acknowledgement stays on record, and counts no more." in shown
        assert "2 mails with the old text have not left, and will not." in shown
        assert "2 people are told by mail what changed and why" in shown

    @pytest.mark.parametrize(
        ("kind", "says"),
        [
            ("typo", "“Fire drill” is changed. Nobody is told."),
            ("material", "“Fire drill” is changed. 2 people are asked again."),
            ("tell", "“Fire drill” is changed. 2 people are told by mail."),
        ],
    )
    def test_it_is_made_by_the_button(self, author, written, notice, kind, says):
        decide(author, notice, "make", kind=kind)
        assert Notice.objects.get().content == NEW
        response = author.get(page(notice, REVIEW))
        assert [str(message) for message in response.context["messages"]] == [says]
        [change] = response.context["changes"]
        assert (change.get_kind_display().lower(), change.reason) == ({"tell": "tell only"}.get(kind, kind), WHY)

    @pytest.mark.parametrize("missing", ["kind", "reason"])
    def test_it_takes_a_kind_and_a_reason_and_keeps_the_other(self, author, written, notice, missing):
        response = decide(author, notice, "make", **{"kind": "tell"} | {missing: ""})
        assert Notice.objects.get().content != NEW
        form = response.context["kind_form"]
        assert set(form.errors) == {missing}
        assert {"kind": "tell", "reason": WHY}.items() - {(missing, form[missing].value())} >= {
            (name, form[name].value()) for name in ("kind", "reason") if name != missing
        }

    def test_refused_it_says_why_and_keeps_what_was_chosen(self, author, written, notice, dave):
        shown = author.get(page(notice, REVIEW)).context
        User.objects.filter(pk=dave.pk).update(is_active=False)
        response = decide(author, notice, "make", kind="material", people=shown["people"], reason="Because")
        assert response.status_code == 409
        assert "The audience changed while you were deciding" in response.content.decode()
        assert response.context["kind_form"]["reason"].value() == "Because"

    def test_discarding_is_one_button_and_leaves_what_is_on_show(self, author, written, notice):
        decide(author, notice, "discard")
        assert (Amendment.objects.get().state, Notice.objects.get().content) == ("discarded", notice.content)
        assert "Change…" in buttons(author, notice)

    def test_looking_changes_nothing(self, author, written, notice):
        author.get(page(notice, REVIEW) + "?do=make&kind=typo&reason=x&version=1&people=2")
        assert Amendment.objects.get().state == "draft"

    def test_no_other_act_exists(self, author, written, notice):
        assert author.post(page(notice, REVIEW), {"do": "publish"}).status_code == 404

    def test_what_was_confirmed_can_be_told_afterwards(self, author, written, notice, dave):
        decide(author, notice, "make", kind="typo")
        assert ReadAcknowledgment.objects.get(user=dave).content_sha256 in author.get(page(notice, REVIEW)).content.decode()


class TestSecondPerson:
    @pytest.fixture
    def waiting(self, approved, alice):
        write(approved, alice)
        return approved

    def test_the_author_hands_in_and_the_approver_makes_it(self, as_, waiting, alice, erin):
        decide(as_(alice), waiting, "hand-in", kind="typo")
        assert Amendment.objects.get().state == "waiting"
        assert buttons(as_(alice), waiting)[0] == "The change that waits"
        approver = as_(erin)
        assert buttons(approver, waiting)[0] == "Decide on the change"
        assert page(waiting, REVIEW) in approver.get(reverse("admin:notices_approvals")).content.decode()
        assert "<ins>Wednesday</ins>" in approver.get(page(waiting, REVIEW)).content.decode()
        decide(approver, waiting, "approve")
        assert Notice.objects.get().content == NEW
        assert "change 1 (typo)" in approver.get(page(waiting, "approval")).content.decode()

    def test_the_author_is_not_offered_to_decide(self, as_, waiting, alice, erin):
        hand_in(waiting, alice)
        assert as_(alice).get(page(waiting, REVIEW)).context["approve_form"] is None
        assert as_(erin).get(page(waiting, REVIEW)).context["approve_form"] is not None
        assert as_(alice).post(page(waiting, REVIEW), {"do": "approve", "version": 2, "people": 1}).status_code == 403

    def test_returned_its_author_reads_why(self, as_, waiting, alice, erin):
        hand_in(waiting, alice)
        decide(as_(erin), waiting, "return", reason="Which Wednesday?")
        for name in ("amend", REVIEW):
            assert "Erin Tester returned it: Which Wednesday?" in as_(alice).get(page(waiting, name)).content.decode()


class TestWhoMay:
    def test_whoever_may_not_see_the_notice_is_told_nothing(self, as_, notice, bob):
        for name in ("amend", REVIEW):
            assert as_(bob).get(page(notice, name)).status_code == as_(bob).get(page(Notice(pk=10**9), name)).status_code

    def test_who_only_sees_it_reads_what_changed_and_changes_nothing(self, as_, notice, carol, alice):
        write(notice, alice)
        assert buttons(as_(carol), notice) == ["Changes"]
        assert as_(carol).get(page(notice)).status_code == 403
        shown = as_(carol).get(page(notice, REVIEW))
        assert (shown.status_code, "<ins>Wednesday</ins>" in shown.content.decode()) == (200, True)
        for act in ("make", "hand-in", "approve", "return", "discard"):
            sent = {"do": act, "version": 1, "people": 2, "kind": "typo", "reason": WHY}
            assert as_(carol).post(page(notice, REVIEW), sent).status_code == 403
        assert (
            as_(alice).post(page(notice, REVIEW), {"do": "make", "version": 1, "people": 2, "kind": "typo", "reason": WHY}).status_code
            == 302
        )

    def test_withdrawn_it_says_what_becomes_of_the_change(self, author, notice, alice):
        write(notice, alice)
        NoticeService.withdraw(notice.pk, actor=alice)
        assert "is withdrawn. The change is kept" in author.get(page(notice, REVIEW)).content.decode()
        other = make_published("Other", author=alice, people=(alice,))
        NoticeService.withdraw(other.pk, actor=alice)
        assert "It is changed on its Write tab." in author.get(page(other)).content.decode()
