"""Four eyes: nobody decides on what they had a part in, and what goes out is exactly what was decided on."""

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone
from guardian.shortcuts import assign_perm

from backoffice.permissions import Role
from notices.contributors import to_decide_by
from notices.dtos import NoticeCreationData
from notices.exceptions import NoticeError, StaleNotice
from notices.models import Approval, AudienceKey, Delivery, Notice
from notices.pinning import digest_of
from notices.repositories import NoticeRepository
from notices.services import DeliveryService, NoticeService
from notices.services.publishing import Confirmation
from notices.tasks import publish_due
from notices.uploads import attachment_from
from recipients.dtos import Address
from tests.makers import make_approved, make_category, make_draft, make_group, make_person, make_published

DAY = timedelta(days=1)


@pytest.fixture
def safety(db):
    return make_category("Safety", needs_approval=True)


@pytest.fixture
def draft(alice, dave, safety):
    return make_draft(author=alice, people=(dave,), category=safety)


@pytest.fixture
def in_review(alice, draft):
    return NoticeService.submit_for_review(draft.pk, actor=alice)


@pytest.fixture
def approved(erin, in_review):
    return NoticeService.approve(in_review.pk, actor=erin)


@pytest.fixture
def root(db):
    return make_person("root", staff=True, is_superuser=True)


def stored(notice) -> Notice:
    return Notice.all_objects.select_related("category").get(pk=notice.pk)


def edit(notice, actor, **changes) -> Notice:
    now = stored(notice)
    for name, value in changes.items():
        setattr(now, name, value)
    NoticeService.save_changes(now, actor=actor, version=stored(notice).version)
    return stored(notice)


def a_file(name="plan.txt", content=b"Assemble at the gate."):
    return attachment_from(SimpleUploadedFile(name, content))


def refused(match, act, *args, **kwargs):
    before = list(Notice.all_objects.order_by("pk").values()), Approval.objects.count(), Delivery.objects.count()
    with pytest.raises(NoticeError, match=match):
        act(*args, **kwargs)
    assert (list(Notice.all_objects.order_by("pk").values()), Approval.objects.count(), Delivery.objects.count()) == before


class TestTheWay:
    def test_draft_review_approved_published_with_a_row_for_each_step(self, alice, erin, draft):
        NoticeService.submit_for_review(draft.pk, actor=alice)
        assert NoticeService.approve(draft.pk, actor=erin).status == "approved"
        assert not Delivery.objects.exists()
        assert NoticeService.publish(draft.pk, actor=alice).is_published  # its author did not approve it, and may publish it

        steps = Approval.objects.order_by("pk")
        assert [(s.decision, s.by, s.people, s.revision) for s in steps] == [("submitted", alice, 1, 1), ("approved", erin, 1, 1)]
        assert {s.digest for s in steps} == {digest_of(stored(draft))}

    def test_nothing_that_needs_approval_is_published_or_scheduled_without(self, alice, erin, grace, root, draft):
        for person in (alice, erin, grace, root):
            refused("needs approval: notices in “Safety” are submitted", NoticeService.publish, draft.pk, actor=person)
            refused("needs approval", NoticeService.schedule, draft.pk, timezone.now() + DAY, actor=person)
        NoticeService.submit_for_review(draft.pk, actor=alice)
        for person in (alice, erin, grace, root):
            refused("waits for approval", NoticeService.publish, draft.pk, actor=person)
            refused("waits for approval", NoticeService.schedule, draft.pk, timezone.now() + DAY, actor=person)

    def test_nor_created_as_published(self, alice, dave, safety):
        data = NoticeCreationData(
            "x", "<p>x</p>", "published", additional_recipient_ids=(dave.pk,), created_by=alice, category_id=safety.pk
        )
        refused("needs approval", NoticeService.create_notice, data)
        refused("cannot begin as published", NoticeRepository.bulk_create, [Notice(title="x", status="published", category=safety)])

    def test_set_to_published_past_the_services_it_is_taken_back_before_anybody_is_told(self, draft):
        stored(draft).publish()
        DeliveryService.mend()
        notice = stored(draft)
        assert (notice.status, notice.published_at) == ("draft", None)
        assert "without the approval" in notice.status_reason
        assert not Delivery.objects.exists()
        assert not AudienceKey.objects.exists()

    @pytest.mark.parametrize("way", ["approved", "without approval"])
    def test_what_a_service_published_is_not_taken_back_when_its_keys_are_lost(self, way, grace, approved, alice, dave):
        if way == "without approval":
            NoticeService.set_audience(approved.pk, Address.of(people=[dave.pk, alice.pk]), actor=alice)
            NoticeService.publish_without_approval(approved.pk, actor=grace, reason="Gas leak")
        else:
            NoticeService.publish(approved.pk, actor=alice)
        AudienceKey.objects.all().delete()
        DeliveryService.mend()
        assert stored(approved).is_published
        assert AudienceKey.objects.exists()

    def test_what_was_withdrawn_is_approved_anew(self, alice, erin, approved):
        NoticeService.publish(approved.pk, actor=erin)
        NoticeService.withdraw(approved.pk, actor=alice)
        refused("needs approval", NoticeService.publish, approved.pk, actor=erin)
        refused("needs approval", NoticeService.schedule, approved.pk, timezone.now() + DAY, actor=erin)

        NoticeService.submit_for_review(approved.pk, actor=alice)
        NoticeService.approve(approved.pk, actor=erin)
        assert NoticeService.publish(approved.pk, actor=erin).revision == 2

    def test_other_categories_need_no_second_person(self, alice, dave):
        assert make_published(author=alice, people=(dave,), category=make_category("Canteen")).is_published

    def test_only_a_draft_or_a_withdrawn_notice_is_submitted_and_only_what_is_in_review_decided(self, alice, erin, dave, approved):
        published = make_published(author=alice, people=(dave,))
        refused("is not a draft: it is published", NoticeService.submit_for_review, published.pk, actor=alice)
        refused("is not a draft: it is approved", NoticeService.submit_for_review, approved.pk, actor=alice)
        for notice in (published, approved):
            refused("is not in review", NoticeService.approve, notice.pk, actor=erin)
            refused("is not in review", NoticeService.return_to_author, notice.pk, actor=erin, reason="No")
            refused("is not in review", NoticeService.reject, notice.pk, actor=erin, reason="No")

    def test_an_approved_notice_holds_its_groups_and_may_be_deleted_and_restored(self, alice, erin, dave, safety):
        group = make_group("Night shift", people=(dave,))
        notice = make_approved(author=alice, approver=erin, groups=(group,), category=safety)
        with pytest.raises(NoticeError, match="is addressed by “Fire drill”"):
            group.delete(user=alice)
        NoticeService.delete(notice.pk, actor=alice)
        NoticeService.restore(notice.pk, actor=alice)
        assert NoticeService.publish(notice.pk, actor=alice).is_published


class TestWhoDecides:
    def everyone_refused(self, notice, *people):
        for person in people:
            refused("You wrote, changed or submitted", NoticeService.approve, notice.pk, actor=person)
            refused("You wrote, changed or submitted", NoticeService.reject, notice.pk, actor=person, reason="No")

    @pytest.mark.parametrize("act", ["approve", "return_to_author", "reject"])
    def test_the_right_to_approve_is_asked_and_the_right_to_publish_is_not_enough(self, act, alice, bob, carol, erin, in_review):
        publisher = make_person("paula", role=Role.AUTHOR)
        for person in (bob, carol, publisher, alice):
            with pytest.raises(PermissionDenied):
                getattr(NoticeService, act)(in_review.pk, actor=person, reason="Because.")
        assert getattr(NoticeService, act)(in_review.pk, actor=erin, reason="Because.").status in {"approved", "draft"}

    def test_a_grant_on_this_very_notice_is_enough(self, bob, in_review):
        assign_perm("approve_notice", bob, in_review)
        assert NoticeService.approve(in_review.pk, actor=bob).status == "approved"

    def test_not_who_wrote_it_not_even_a_superuser(self, root, dave, erin, safety):
        notice = make_draft(author=root, people=(dave,), category=safety)
        NoticeService.submit_for_review(notice.pk, actor=root)
        self.everyone_refused(notice, root)
        assert NoticeService.approve(notice.pk, actor=erin).status == "approved"

    def test_not_who_handed_it_in(self, grace, erin, draft):
        NoticeService.submit_for_review(draft.pk, actor=grace)
        self.everyone_refused(draft, grace)
        assert NoticeService.approve(draft.pk, actor=erin).status == "approved"

    @pytest.mark.parametrize("change", ["text", "audience", "attached", "detached", "taken back"])
    def test_not_who_changed_it_whoever_changed_it_afterwards(self, change, alice, grace, erin, dave, draft):
        if change == "detached":
            attachment = NoticeService.attach(draft.pk, a_file(), actor=alice)
        acts = {
            "text": lambda: edit(draft, grace, title="Fire drill at ten"),
            "audience": lambda: NoticeService.set_audience(draft.pk, Address.of(people=[dave.pk, alice.pk]), actor=grace),
            "attached": lambda: NoticeService.attach(draft.pk, a_file(), actor=grace),
            "detached": lambda: NoticeService.detach(attachment.pk, actor=grace),
            "taken back": lambda: NoticeService.restore_fields(draft.pk, edited_before, ["title"], actor=grace),
        }
        edited_before = draft.history.latest().history_id
        edit(draft, alice, title="Drill")
        acts[change]()
        edit(draft, alice, content="<p>The last word is mine.</p>")
        NoticeService.submit_for_review(draft.pk, actor=alice)
        self.everyone_refused(draft, grace)
        assert NoticeService.approve(draft.pk, actor=erin).status == "approved"

    def test_saving_without_a_change_or_deciding_is_no_part_in_it(self, alice, grace, draft):
        edit(draft, grace)
        NoticeService.submit_for_review(draft.pk, actor=alice)
        NoticeService.return_to_author(draft.pk, actor=grace, reason="Too long")
        NoticeService.submit_for_review(draft.pk, actor=alice)
        assert NoticeService.approve(draft.pk, actor=grace).status == "approved"

    def test_what_was_changed_before_the_last_approval_is_settled_but_not_the_last_change(self, alice, grace, root, erin, draft):
        edit(draft, root, title="Root's words")
        edit(draft, grace, title="Grace's words")
        NoticeService.submit_for_review(draft.pk, actor=alice)
        NoticeService.approve(draft.pk, actor=erin)
        NoticeService.publish(draft.pk, actor=erin)
        NoticeService.withdraw(draft.pk, actor=erin)
        NoticeService.submit_for_review(draft.pk, actor=alice)
        self.everyone_refused(draft, grace)  # the last word is hers
        assert NoticeService.approve(draft.pk, actor=root).status == "approved"

    def test_a_change_past_the_services_counts_for_whom_it_names(self, grace, alice, erin, draft):
        from audit.attribution import acting  # noqa: PLC0415 - this is what a shell would do

        with acting(grace):
            Notice.objects.filter(pk=draft.pk).update(title="Slipped in")
        NoticeService.submit_for_review(draft.pk, actor=alice)
        self.everyone_refused(draft, grace)
        assert NoticeService.approve(draft.pk, actor=erin).status == "approved"

    def test_what_waits_for_me_is_what_i_may_decide(self, alice, erin, grace, root, carol, in_review, draft):
        other = make_draft("Hers", author=grace, people=(carol,), category=in_review.category)
        NoticeService.submit_for_review(other.pk, actor=grace)
        assert {person: [n.title for n in to_decide_by(person)] for person in (alice, carol, erin, grace, root)} == {
            alice: [],
            carol: [],
            erin: ["Fire drill", "Hers"],
            grace: ["Fire drill"],
            root: ["Fire drill", "Hers"],
        }


class TestSendingBack:
    @pytest.mark.parametrize(("act", "decision"), [("return_to_author", "returned"), ("reject", "rejected")])
    def test_it_needs_a_reason_and_gives_it_to_the_author(self, act, decision, alice, erin, in_review):
        refused("Say why", getattr(NoticeService, act), in_review.pk, actor=erin, reason="  ")
        notice = getattr(NoticeService, act)(in_review.pk, actor=erin, reason="Too long")
        assert (notice.status, notice.status_reason, notice.modified_by) == ("draft", "Too long", alice)
        assert (notice.history.first().history_user, notice.history.first().history_change_reason) == (erin, "Too long")
        step = Approval.objects.latest("pk")
        assert (step.decision, step.by, step.reason) == (decision, erin, "Too long")

    def test_what_was_returned_may_come_again_as_it_is(self, alice, erin, in_review):
        NoticeService.return_to_author(in_review.pk, actor=erin, reason="Ask the union first")
        assert NoticeService.submit_for_review(in_review.pk, actor=alice).status == "in_review"

    def test_what_was_rejected_only_when_something_in_it_changed(self, alice, erin, dave, in_review):
        NoticeService.reject(in_review.pk, actor=erin, reason="Wrong day")
        edit(in_review, alice)  # saved, and nothing changed
        refused(
            "Erin Tester rejected “Fire drill” exactly as it is: Wrong day. Change it",
            NoticeService.submit_for_review,
            in_review.pk,
            actor=alice,
        )
        NoticeService.set_audience(in_review.pk, Address.of(people=[dave.pk, alice.pk]), actor=alice)
        assert NoticeService.submit_for_review(in_review.pk, actor=alice).status == "in_review"


class TestWhatIsApproved:
    def test_is_what_was_seen(self, alice, erin, grace, in_review):
        seen = Confirmation(in_review.version, 1, digest_of(in_review))
        NoticeService.return_to_author(in_review.pk, actor=grace, reason="Title")
        edit(in_review, alice, title="Bonus for all")
        NoticeService.submit_for_review(in_review.pk, actor=alice)
        for act, reason in (("approve", ""), ("reject", "No"), ("return_to_author", "No")):
            with pytest.raises(StaleNotice, match="since you opened this page"):
                getattr(NoticeService, act)(in_review.pk, actor=erin, seen=seen, reason=reason)
        now = stored(in_review)
        with pytest.raises(StaleNotice, match="not what you looked at"):
            NoticeService.approve(in_review.pk, actor=erin, seen=Confirmation(now.version, 1, seen.digest))
        assert NoticeService.approve(in_review.pk, actor=erin, seen=Confirmation(now.version, 1, digest_of(now))).status == "approved"

    def test_cannot_be_edited_while_it_is_decided_on(self, alice, dave, in_review):
        refused("return it to the author", edit, in_review, alice, title="Slipped in")
        refused("return it to the author", NoticeService.set_audience, in_review.pk, Address.of(people=[alice.pk]), actor=alice)
        refused("return it to the author", NoticeService.attach, in_review.pk, a_file(), actor=alice)

    @pytest.mark.parametrize("change", ["text", "category", "audience", "attachment", "taken back"])
    def test_becomes_a_draft_by_any_change(self, change, alice, erin, dave, draft):
        older = draft.history.latest().history_id
        edit(draft, alice, title="Drill")
        NoticeService.submit_for_review(draft.pk, actor=alice)
        NoticeService.approve(draft.pk, actor=erin)
        {
            "text": lambda: edit(draft, alice, title="Bonus for all"),
            "category": lambda: edit(draft, alice, category=make_category("Canteen")),
            "audience": lambda: NoticeService.set_audience(draft.pk, Address.of(people=[dave.pk, alice.pk]), actor=alice),
            "attachment": lambda: NoticeService.attach(draft.pk, a_file(), actor=alice),
            "taken back": lambda: NoticeService.restore_fields(draft.pk, older, ["title"], actor=alice),
        }[change]()
        notice = stored(draft)
        assert (notice.status, notice.status_reason) == ("draft", "It was changed after it was approved. Submit it for review again.")
        refused("needs approval", NoticeService.publish, draft.pk, actor=erin)

    def test_stays_approved_when_it_is_saved_as_it_is(self, alice, dave, approved):
        edit(approved, alice)
        NoticeService.set_audience(approved.pk, Address.of(people=[dave.pk]), actor=alice)
        assert stored(approved).status == "approved"

    @pytest.mark.parametrize(
        "sql",
        [
            "UPDATE notices SET content = '<p>Bonus for all</p>' WHERE id = %s",
            "UPDATE notices_attachment SET sha256 = repeat('0', 64) WHERE notice_id = %s",
            "DELETE FROM notices_noticeadditionalrecipient WHERE notice_id = %s AND user_id <> (SELECT created_by_id FROM notices LIMIT 1)",
        ],
    )
    @pytest.mark.parametrize("scheduled", [False, True])
    def test_is_what_goes_out_whichever_way_it_was_changed(self, sql, scheduled, alice, erin, dave, draft):
        NoticeService.attach(draft.pk, a_file(), actor=alice)
        NoticeService.set_audience(draft.pk, Address.of(people=[dave.pk, alice.pk]), actor=alice)
        NoticeService.submit_for_review(draft.pk, actor=alice)
        NoticeService.approve(draft.pk, actor=erin)
        if scheduled:
            NoticeService.schedule(draft.pk, timezone.now() + DAY, actor=alice)
        with connection.cursor() as cursor:
            cursor.execute(sql, [draft.pk])
        refused("is not what was approved", NoticeService.publish, draft.pk, actor=erin)
        if scheduled:
            with time_machine.travel(timezone.now() + 2 * DAY):
                assert publish_due() == 0
            assert (stored(draft).status, Delivery.objects.count()) == ("draft", 0)
            assert "is not what was approved" in stored(draft).status_reason
        else:
            assert NoticeService.submit_for_review(draft.pk, actor=alice).status == "in_review"  # the remedy that was named

    def test_is_the_rule_of_the_audience_and_not_the_people(self, alice, erin, dave, safety):
        group = make_group(people=(dave,))
        notice = make_approved(author=alice, approver=erin, groups=(group,), category=safety)
        group.recipientgroupadditionalrecipient_set.create(user=make_person())
        seen = Confirmation(version=notice.version, people=1)
        with pytest.raises(StaleNotice, match="is 2 now"):
            NoticeService.publish(notice.pk, actor=alice, seen=seen)
        assert NoticeService.publish(notice.pk, actor=alice, seen=Confirmation(notice.version, 2)).is_published


class TestOnSchedule:
    def test_approved_it_goes_out_by_itself(self, alice, approved):
        NoticeService.schedule(approved.pk, timezone.now() + DAY, actor=alice)
        with time_machine.travel(timezone.now() + 2 * DAY):
            assert publish_due() == 1
        assert stored(approved).is_published

    def test_taken_off_the_schedule_it_stays_approved(self, alice, dave, approved):
        NoticeService.schedule(approved.pk, timezone.now() + DAY, actor=alice)
        assert NoticeService.cancel_schedule(approved.pk, actor=alice).status == "approved"
        other = make_draft(author=alice, people=(dave,))
        NoticeService.schedule(other.pk, timezone.now() + DAY, actor=alice)
        assert NoticeService.cancel_schedule(other.pk, actor=alice).status == "draft"

    def test_a_category_that_needs_approval_since_sends_nothing_out_silently(self, alice, dave):
        category = make_category("Canteen")
        notice = make_draft(author=alice, people=(dave,), category=category)
        NoticeService.schedule(notice.pk, timezone.now() + DAY, actor=alice)
        category.needs_approval = True
        category.save()
        refused("needs approval", NoticeService.publish, notice.pk, actor=alice)
        with time_machine.travel(timezone.now() + 2 * DAY):
            assert publish_due() == 0
        assert stored(notice).status == "draft"
        assert "needs approval: notices in “Canteen”" in stored(notice).status_reason
        assert not Delivery.objects.exists()


class TestNoWayRound:
    def test_leaving_the_category_does_not_help(self, alice, erin, draft):
        edit(draft, alice, category=make_category("Canteen"))
        refused("it was in a category that asks for it", NoticeService.publish, draft.pk, actor=alice)
        edit(draft, alice, category=None)
        refused("it was in a category that asks for it", NoticeService.publish, draft.pk, actor=alice)
        NoticeService.submit_for_review(draft.pk, actor=alice)
        NoticeService.approve(draft.pk, actor=erin)
        assert NoticeService.publish(draft.pk, actor=alice).is_published

    def test_nor_taking_an_older_category_back_nor_copying_an_old_version(self, alice, dave, safety):
        notice = make_draft(author=alice, people=(dave,), category=make_category("Canteen"))
        before = notice.history.latest().history_id
        edit(notice, alice, category=safety)
        NoticeService.restore_fields(notice.pk, before, ["category"], actor=alice)
        refused("it was in a category", NoticeService.publish, notice.pk, actor=alice)
        copy = NoticeService.draft_from_version(notice.pk, before, actor=alice).notice
        refused("it was in a category", NoticeService.publish, copy.pk, actor=alice)

    def test_only_an_approver_without_a_part_in_it_lifts_it(self, alice, erin, grace, draft):
        refused("comes from its category", NoticeService.lift_approval, draft.pk, actor=erin, reason="Harmless")
        edit(draft, grace, category=make_category("Canteen"))
        with pytest.raises(PermissionDenied):
            NoticeService.lift_approval(draft.pk, actor=alice, reason="Harmless")
        refused("You wrote, changed", NoticeService.lift_approval, draft.pk, actor=grace, reason="Harmless")
        refused("Say why", NoticeService.lift_approval, draft.pk, actor=erin, reason=" ")
        NoticeService.lift_approval(draft.pk, actor=erin, reason="Harmless")
        assert Approval.objects.get(decision="lifted").reason == "Harmless"
        assert NoticeService.publish(draft.pk, actor=alice).is_published


class TestBreakingTheGlass:
    def test_it_needs_its_own_right_and_a_reason(self, alice, erin, carol, grace, draft):
        for person in (alice, erin, carol):
            with pytest.raises(PermissionDenied):
                NoticeService.publish_without_approval(draft.pk, actor=person, reason="Gas leak")
        refused("Say why this cannot wait", NoticeService.publish_without_approval, draft.pk, actor=grace, reason=" ")

        notice = NoticeService.publish_without_approval(draft.pk, actor=grace, reason="Gas leak")
        assert (notice.is_published, Delivery.objects.count()) == (True, 1)
        step = Approval.objects.get()
        assert (step.decision, step.by, step.reason, step.revision) == ("bypassed", grace, "Gas leak", 1)

    @pytest.mark.parametrize("state", ["in review", "withdrawn", "own"])
    def test_from_every_state_and_also_ones_own(self, state, alice, grace, root, in_review, dave, safety):
        if state == "own":
            in_review = make_draft(author=root, people=(dave,), category=safety)
        if state == "withdrawn":
            NoticeService.approve(in_review.pk, actor=grace)
            NoticeService.publish(in_review.pk, actor=alice)
            NoticeService.withdraw(in_review.pk, actor=alice)
        assert NoticeService.publish_without_approval(in_review.pk, actor=root, reason="Gas leak").is_published

    def test_only_where_there_is_glass(self, alice, dave, grace, approved):
        refused("no glass to break", NoticeService.publish_without_approval, approved.pk, actor=grace, reason="Hurry")
        free = make_draft(author=alice, people=(dave,))
        refused("no glass to break", NoticeService.publish_without_approval, free.pk, actor=grace, reason="Hurry")

    def test_what_was_confirmed_is_what_happens(self, grace, alice, draft):
        stale = Confirmation(draft.version - 1, 1)
        with pytest.raises(StaleNotice):
            NoticeService.publish_without_approval(draft.pk, actor=grace, reason="Gas leak", seen=stale)

    def test_the_mark_outlives_a_later_approval(self, alice, erin, grace, draft):
        marked = NoticeService.publish_without_approval(draft.pk, actor=grace, reason="Gas leak").bypassed_at
        NoticeService.withdraw(draft.pk, actor=alice)
        edit(draft, alice, title="Gas leak is over", category=make_category("Canteen"))
        NoticeService.submit_for_review(draft.pk, actor=alice)
        NoticeService.approve(draft.pk, actor=erin)
        NoticeService.publish(draft.pk, actor=alice)
        assert stored(draft).bypassed_at == marked
