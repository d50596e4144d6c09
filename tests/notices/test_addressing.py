"""Sending takes the right to address each recipient and group, and the right to see people for single ones."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone
from guardian.shortcuts import assign_perm, remove_perm

from backoffice.permissions import Role
from notices.dtos import NoticeCreationData
from notices.exceptions import NoticeError
from notices.models import Notice
from notices.repositories import NoticeRepository
from notices.services import NoticeService
from notices.services.addressing import MayNotAddressError
from recipients.dtos import Address
from recipients.models import User
from tests.makers import make_category, make_draft, make_group, make_person, make_recipient


@pytest.fixture
def everyone(dave):
    return make_group("All staff", people=(dave,))


@pytest.fixture
def night(dave):
    return make_group("Night shift", people=(dave,))


@pytest.fixture
def limited(alice):
    """Authors send to groups only where it was granted."""
    Group.objects.get(name=Role.AUTHOR).permissions.remove(Permission.objects.get(codename="address_recipientgroup"))
    return User.objects.get(pk=alice.pk)


@pytest.fixture
def office(everyone):
    """Of the executive office: an author who may send to all staff."""
    person = make_person("olivia", role=Role.AUTHOR)
    assign_perm("address_recipientgroup", person, everyone)
    return person


def test_only_those_who_were_granted_it_send_to_all_staff(limited, office, everyone):
    with pytest.raises(MayNotAddressError, match="You may not send to “All staff”"):
        make_draft(author=limited, groups=(everyone,))
    draft = make_draft(author=office, groups=(everyone,))
    with pytest.raises(MayNotAddressError, match="You may not send to “All staff”"):
        NoticeService.publish(draft.pk, actor=limited)
    assert Notice.objects.get(pk=draft.pk).status == "draft"
    assert NoticeService.publish(draft.pk, actor=office).is_published


def test_a_grant_that_is_withdrawn_counts_at_once(limited, office, everyone):
    draft = make_draft(author=office, groups=(everyone,))
    remove_perm("address_recipientgroup", office, everyone)
    with pytest.raises(MayNotAddressError):
        NoticeService.publish(draft.pk, actor=User.objects.get(pk=office.pk))


def test_a_new_notice_is_made_only_for_whom_its_author_may_send_to(limited, office, everyone):
    data = {"title": "Fire drill", "content": "<p>x</p>", "recipient_group_ids": (everyone.pk,)}
    with pytest.raises(MayNotAddressError):
        NoticeService.create_notice(NoticeCreationData(**data, created_by=limited))
    assert not Notice.objects.exists()
    assert NoticeService.create_notice(NoticeCreationData(**data, created_by=office))


@pytest.mark.usefixtures("limited")
class TestWhatStandsThereAlready:
    @pytest.fixture
    def draft(self, office, everyone):
        return make_draft(author=office, groups=(everyone,))

    def test_stays_while_others_are_added_and_taken_out(self, limited, draft, everyone, night, dave):
        address = Address.of(groups=[everyone.pk], people=[dave.pk])
        NoticeService.set_audience(draft.pk, address, actor=limited)
        with pytest.raises(MayNotAddressError, match="“Night shift”"):
            NoticeService.set_audience(draft.pk, Address.of(groups=[everyone.pk, night.pk]), actor=limited)
        assert NoticeRepository.address_of(draft) == address
        NoticeService.set_audience(draft.pk, Address.of(people=[dave.pk]), actor=limited)
        with pytest.raises(MayNotAddressError, match="“All staff”"):
            NoticeService.set_audience(draft.pk, address, actor=limited)

    def test_cannot_be_scheduled_by_whoever_may_not_send_to_it(self, limited, office, draft):
        later = timezone.now() + timedelta(days=1)
        with pytest.raises(MayNotAddressError, match="“All staff”"):
            NoticeService.schedule(draft.pk, later, actor=limited)
        assert NoticeService.schedule(draft.pk, later, actor=office).status == "scheduled"

    def test_cannot_be_handed_in_by_whoever_may_not_send_to_it(self, limited, office, draft):
        Notice.objects.filter(pk=draft.pk).update(category=make_category(needs_approval=True))
        with pytest.raises(MayNotAddressError, match="“All staff”"):
            NoticeService.submit_for_review(draft.pk, actor=limited)
        assert NoticeService.submit_for_review(draft.pk, actor=office).status == "in_review"

    def test_is_said_on_the_audience_tab_and_where_publishing_is_confirmed(self, client, limited, draft):
        client.force_login(limited)
        page = client.get(reverse("admin:notices_notice_audience", args=[draft.pk])).content.decode()
        assert "You may not send to “All staff”" in page
        answer = client.post(reverse("admin:notices_notice_act", args=[draft.pk, "publish"]), {"version": draft.version, "people": 1})
        assert answer.status_code == 409
        assert "You may not send to “All staff”" in answer.content.decode()


def test_what_comes_due_asks_the_rights_of_who_scheduled_it(limited, office, everyone):
    draft = make_draft(author=office, groups=(everyone,))
    NoticeService.schedule(draft.pk, timezone.now() + timedelta(hours=1), actor=office)
    Notice.objects.filter(pk=draft.pk).update(publish_at=timezone.now() - timedelta(minutes=1))
    remove_perm("address_recipientgroup", office, everyone)
    assert NoticeService.publish_due(draft.pk) is False
    draft.refresh_from_db()
    assert draft.status == "draft"
    assert "“All staff”" in draft.status_reason


class TestADepartmentAuthor:
    def test_sends_to_the_own_department_and_to_what_was_granted(self, heidi, facilities, night):
        facilities.roleassignment_set.create(user=make_person())
        draft = make_draft(author=heidi, department=facilities, recipients=(facilities,))
        assert NoticeService.publish(draft.pk, actor=heidi).is_published
        assign_perm("address_recipientgroup", heidi, night)
        make_draft(author=heidi, department=facilities, groups=(night,))

    @pytest.mark.parametrize("kind", ["recipients", "groups", "people"])
    def test_is_refused_the_rest_without_learning_what_it_is(self, heidi, facilities, dave, kind):
        hidden = {"recipients": make_recipient("Canary"), "groups": make_group("Canary"), "people": dave}[kind]
        draft = make_draft(author=heidi, department=facilities)
        messages = set()
        for number in (hidden.pk, 2**31 - 1):  # there, and not there
            with pytest.raises(NoticeError) as refusal:
                NoticeService.set_audience(draft.pk, Address.of(**{kind: [number]}), actor=heidi)
            messages.add(str(refusal.value))
        assert len(messages) == 1
        assert "Canary" not in messages.pop()
        assert not NoticeRepository.address_of(draft)

    def test_sends_to_single_people_once_they_may_see_people(self, heidi, facilities, dave):
        draft = make_draft(author=heidi, department=facilities)
        heidi.user_permissions.add(Permission.objects.get(codename="view_user"))
        heidi = User.objects.get(pk=heidi.pk)
        assert NoticeService.set_audience(draft.pk, Address.of(people=[dave.pk]), actor=heidi)

    def test_what_is_out_of_sight_stays_in_the_audience_and_out_of_the_page(self, client, heidi, alice, facilities, dave):
        canary = make_group("Canary", people=(dave,))
        draft = make_draft(author=alice, department=facilities, groups=(canary,))
        heidi.user_permissions.add(Permission.objects.get(codename="view_user"))  # so the reason of each person is shown
        client.force_login(heidi)
        url = reverse("admin:notices_notice_audience", args=[draft.pk])
        page = client.get(url).content.decode()
        assert "Canary" not in page
        assert "something you may not see" in page
        assert "A part of the audience is not yours to see" in page
        client.post(url, {"version": draft.version, "recipients": [facilities.pk], "groups": [], "people": []})
        assert NoticeRepository.address_of(draft) == Address.of([facilities.pk], [canary.pk])
        answer = client.post(reverse("admin:notices_notice_act", args=[draft.pk, "publish"]), {"version": draft.version + 1, "people": 1})
        assert answer.status_code == 409
        assert "Canary" not in answer.content.decode()

    def test_what_is_out_of_sight_and_in_the_trash_is_not_named_either(self, client, heidi, alice, facilities, dave):
        canary = make_group("Canary", people=(dave,))
        draft = make_draft(author=alice, department=facilities, groups=(canary,))
        canary.delete()
        client.force_login(heidi)
        assert "Canary" not in client.get(reverse("admin:notices_notice_audience", args=[draft.pk])).content.decode()
        with pytest.raises(NoticeError) as refusal:
            NoticeService.publish(draft.pk, actor=heidi)
        assert "Canary" not in str(refusal.value)
        with pytest.raises(NoticeError, match="The group “Canary” is in the trash"):
            NoticeService.publish(draft.pk, actor=alice)

    def test_takes_over_from_an_old_version_only_whom_they_may_send_to(self, client, heidi, alice, facilities, dave):
        canary = make_group("Canary", people=(dave,))
        draft = make_draft(author=alice, department=facilities, groups=(canary,), recipients=(facilities,))
        made = NoticeService.draft_from_version(draft.pk, draft.history.latest("history_id").pk, actor=heidi)
        version = NoticeService.draft_from_version(draft.pk, draft.history.earliest("history_id").pk, actor=alice)
        assert NoticeRepository.address_of(made.notice).group_ids == ()
        assert "Canary" not in "".join(made.left_out)
        assert version.notice.department == facilities


class TestChoosing:
    URL = reverse("admin:autocomplete")

    def offered(self, client, person, field, term=""):
        client.force_login(person)
        app, model, name = field.split(".")
        answer = client.get(self.URL, {"app_label": app, "model_name": model, "field_name": name, "term": term})
        return answer.status_code, {row["text"] for row in answer.json()["results"]} if answer.status_code == 200 else set()

    def test_only_what_one_may_send_to_is_offered(self, client, limited, office, everyone, night):
        field = "notices.noticerecipientgroup.recipient_group"
        assign_perm("address_recipientgroup", limited, night)
        assert self.offered(client, limited, field) == (200, {"Night shift"})
        assert self.offered(client, office, field) == (200, {"All staff"})

    def test_a_department_author_is_offered_the_department(self, client, heidi, facilities):
        make_recipient("Payroll"), make_group("Night shift")
        assert self.offered(client, heidi, "notices.noticerecipient.recipient") == (200, {"Facilities"})
        assert self.offered(client, heidi, "notices.noticerecipientgroup.recipient_group") == (403, set())
        assert self.offered(client, heidi, "notices.noticeadditionalrecipient.user") == (403, set())

    def test_a_forged_choice_is_refused_beside_the_field(self, client, limited, office, everyone, dave):
        draft = make_draft(author=limited, people=(dave,))
        client.force_login(limited)
        url = reverse("admin:notices_notice_audience", args=[draft.pk])
        answer = client.post(url, {"version": draft.version, "groups": [everyone.pk], "people": [dave.pk]})
        assert "Select a valid choice." in answer.content.decode()
        assert NoticeRepository.address_of(draft) == Address.of(people=[dave.pk])
        client.force_login(office)
        assert client.post(url, {"version": draft.version, "groups": [everyone.pk], "people": [dave.pk]}).status_code == 302


def test_a_recipient_takes_the_right_as_a_group_does(bob, facilities):
    assign_perm("notices.add_notice", bob)
    assign_perm("recipients.view_recipient", bob)
    bob = User.objects.get(pk=bob.pk)
    draft = make_draft(author=bob)
    with pytest.raises(MayNotAddressError, match="“Facilities”"):
        NoticeService.set_audience(draft.pk, Address.of([facilities.pk]), actor=bob)
    assign_perm("address_recipient", bob, facilities)
    bob = User.objects.get(pk=bob.pk)
    assert NoticeService.set_audience(draft.pk, Address.of([facilities.pk]), actor=bob)


def test_whoever_may_not_publish_is_refused_before_the_audience_is_named(bob, office, everyone):
    draft = make_draft(author=office, groups=(everyone,))
    with pytest.raises(PermissionDenied) as refusal:
        NoticeService.publish(draft.pk, actor=bob)
    assert "All staff" not in str(refusal.value)
