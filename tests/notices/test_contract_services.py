from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser, Permission
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.timezone import localdate as today  # when the cases are collected there is no database
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from notices.dtos import NoticeCreationData
from notices.models import Delivery, Notice, ReadAcknowledgment
from notices.repositories import NoticeRepository
from notices.services import NoticeService
from tests.makers import make_category, make_draft, make_group, make_person, make_published, make_recipient

DAY = timedelta(days=1)


class TestCreateNotice:
    @pytest.fixture
    def data(self, alice, dave):
        return NoticeCreationData(
            "Fire drill",
            "<p>At ten.</p>",
            "draft",
            today(),
            today() + DAY,
            (make_recipient("Leeds", members=(dave,)).pk,),
            (make_group("Night shift", people=(dave,)).pk,),
            (dave.pk,),
            alice,
        )

    def test_the_fields_stand_in_the_order_of_the_seed(self, data, alice):
        notice = NoticeService.create_notice(data)

        assert (notice.title, notice.content, notice.status) == ("Fire drill", "<p>At ten.</p>", "draft")
        assert (notice.start_date, notice.end_date, notice.created_by) == (today(), today() + DAY, alice)
        assert [r.name for r in notice.recipients.all()] == ["Leeds"]
        assert notice.noticerecipientgroup_set.get().recipient_group.name == "Night shift"
        assert notice.noticeadditionalrecipient_set.get().user.username == "dave"

    def test_it_needs_the_right_to_write_notices(self, data, bob):
        with pytest.raises(PermissionDenied):
            NoticeService.create_notice(
                replace(data, created_by=bob, recipient_ids=(), recipient_group_ids=(), additional_recipient_ids=())
            )
        assert not Notice.objects.exists()

    def test_a_draft_tells_nobody_and_a_published_one_tells_everyone_once(self, data):
        NoticeService.create_notice(data)
        assert not Delivery.objects.exists()

        notice = NoticeService.create_notice(replace(data, status="published"))
        assert notice.is_published
        assert notice.delivery_set.count() == 1

    def test_the_further_fields_are_kept(self, data):
        category = make_category()
        notice = NoticeService.create_notice(
            replace(data, category_id=category.pk, requires_acknowledgement=True, due_date=today() + DAY, start_date=None)
        )
        assert (notice.category, notice.requires_acknowledgement, notice.due_date) == (category, True, today() + DAY)
        assert notice.start_date == today()

    @pytest.mark.parametrize(
        ("wrong", "sentence"),
        [
            ({"end_date": today() - DAY}, "The end is before the start"),
            ({"recipient_ids": (), "recipient_group_ids": (), "additional_recipient_ids": ()}, "Nobody is addressed"),
            ({"title": "x" * 201}, "at most 200 characters"),
            ({"title": ""}, "cannot be blank"),
            ({"content": "<p> </p>"}, "cannot be blank"),
            ({"recipient_ids": (10**9,)}, "no longer exists"),
            ({"recipient_group_ids": (10**9,)}, "no longer exists"),
            ({"additional_recipient_ids": (10**9,)}, "no longer exists"),
            ({"status": "withdrawn"}, "draft or published at once"),
            ({"status": "nonsense"}, "draft or published at once"),
            ({"due_date": today() - DAY}, "before the notice is on show"),
            ({"due_date": today() + 2 * DAY}, "gone by then"),
        ],
    )
    def test_what_is_not_acceptable_is_a_validation_error_and_leaves_no_row(self, data, wrong, sentence):
        with pytest.raises(ValidationError, match=sentence):
            NoticeService.create_notice(replace(data, **wrong))

        assert not Notice.all_objects.exists()
        assert not Notice.history.exists()
        assert NoticeService.create_notice(data).pk  # same set-up

    def test_one_recipient_of_any_kind_suffices(self, data):
        nobody = replace(data, recipient_ids=(), recipient_group_ids=(), additional_recipient_ids=())
        for kind in ("recipient_ids", "recipient_group_ids", "additional_recipient_ids"):
            assert NoticeService.create_notice(replace(nobody, **{kind: getattr(data, kind)})).pk

    def test_the_same_recipient_twice_is_once(self, data):
        notice = NoticeService.create_notice(replace(data, recipient_ids=data.recipient_ids * 2))
        assert notice.recipients.count() == 1

    def test_created_by_is_whose_rights_are_asked(self, data, alice, bob, erin):
        for stranger in (bob, erin, None, AnonymousUser()):
            with pytest.raises(PermissionDenied):
                NoticeService.create_notice(replace(data, created_by=stranger))
        assert NoticeService.create_notice(data).created_by == alice

    def test_publishing_at_once_needs_the_right_to_publish(self, data, bob):
        rights = ("add_notice", "address_recipient", "address_recipientgroup", "view_user")
        bob.user_permissions.set(Permission.objects.filter(codename__in=rights))
        with pytest.raises(PermissionDenied, match="may not publish"):
            NoticeService.create_notice(replace(data, created_by=bob, status="published"))
        assert not Notice.objects.exists()
        assert NoticeService.create_notice(replace(data, created_by=bob)).created_by == bob


class TestReading:
    @pytest.fixture
    def notices(self, alice, dave):
        leeds = make_recipient(members=(dave,))
        return [make_published(f"Notice {n}", author=alice, recipients=(leeds,)) for n in range(12)]

    def test_mark_as_read_returns_the_acknowledgment_and_keeps_the_first_time(self, notices, dave):
        first = NoticeService.mark_as_read(notices[0], dave)
        again = NoticeService.mark_as_read(notices[0], dave)

        assert isinstance(first, ReadAcknowledgment)
        assert (first.pk, first.read_at) == (again.pk, again.read_at)
        assert ReadAcknowledgment.objects.count() == 1

    def test_the_unread_count_falls_with_each_notice_read(self, notices, dave):
        assert NoticeService.get_unread_count(dave) == 12
        NoticeService.mark_as_read(notices[3], dave)
        assert NoticeService.get_unread_count(dave) == 11
        assert NoticeService.get_unread_count(make_person()) == 0
        assert NoticeService.get_unread_count(AnonymousUser()) == 0

    def test_the_dashboard_has_five_unread_ten_recent_and_the_count(self, notices, dave):
        NoticeService.mark_as_read(notices[-1], dave)
        dashboard = NoticeService.get_user_dashboard(dave)

        assert set(dashboard) == {"unread_notices", "recent_notices", "unread_count"}
        assert dashboard["unread_notices"] == notices[6:11][::-1]
        assert dashboard["recent_notices"] == notices[2:][::-1]
        assert dashboard["unread_count"] == 11
        assert [n.was_read for n in dashboard["recent_notices"]][:2] == [True, False]

    def test_the_dashboard_of_someone_new_is_empty(self, notices):
        assert NoticeService.get_user_dashboard(make_person()) == {"unread_notices": [], "recent_notices": [], "unread_count": 0}


class TestRepository:
    def test_get_by_id_gives_the_living_notice_or_none(self, alice, dave):
        notice = make_draft(author=alice, people=(dave,))
        assert NoticeRepository.get_by_id(notice.pk) == notice
        assert NoticeRepository.get_by_id(0) is None

        notice.delete()
        assert NoticeRepository.get_by_id(notice.pk) is None

    def test_published_and_unread_for_user_are_querysets_newest_first(self, alice, dave):
        old, new = (make_published(t, author=alice, people=(dave,)) for t in ("Old", "New"))
        make_draft("Draft", author=alice, people=(dave,))
        make_published("Not for dave", author=alice, people=(alice,))
        assert list(NoticeRepository.get_published_for_user(dave)) == [new, old]
        assert list(NoticeRepository.get_unread_for_user(dave)) == [new, old]

        NoticeService.mark_as_read(new, dave)
        assert [n.was_read for n in NoticeRepository.get_published_for_user(dave)] == [True, False]
        assert list(NoticeRepository.get_unread_for_user(dave).filter(title="Old")) == [old]
        assert NoticeRepository.get_unread_for_user(dave).count() == 1

    def test_bulk_create_writes_the_rows_and_their_history(self, db):
        made = NoticeRepository.bulk_create(
            Notice(title=f"Notice {n}", content="<p>Hello</p><script>alert(1)</script>", status=status)
            for n, status in enumerate(["draft", "published"])
        )

        assert [n.pk for n in made] == list(Notice.objects.order_by("pk").values_list("pk", flat=True))
        assert Notice.history.filter(history_type="+").count() == 2
        assert {row.content for row in Notice.history.all()} == {n.content for n in Notice.objects.all()} == {"<p>Hello</p>"}
        assert Notice.objects.get(status="published").published_at is not None
        assert Notice.history.get(status="published").published_at is not None

    def test_bulk_create_of_nothing_is_nothing(self, db):
        assert NoticeRepository.bulk_create([]) == []


class TestSearch:
    @pytest.fixture(autouse=True)
    def notices(self, alice, dave):
        text = "<p>Leave by the <strong>north</strong> door &amp; wait.</p>"
        make_published("Fire drill in Leeds", author=alice, people=(dave,), content=text)
        make_published("Flu vaccination", author=alice, people=(dave,), content="<p>Bring your O’Brien card.</p>")
        make_draft("Fire drill, next year", author=alice, people=(dave,))
        make_published("Fire drill in York", author=alice, people=(alice,))

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("fire", {"Fire drill in Leeds"}),
            ("FIRE Leeds", {"Fire drill in Leeds"}),
            ("drills", {"Fire drill in Leeds"}),
            ("lee", {"Fire drill in Leeds"}),
            ("north door", {"Fire drill in Leeds"}),
            ("the door", {"Fire drill in Leeds"}),
            ("fire vaccination", set()),
            ("vaccin", {"Flu vaccination"}),
            ("O'Brien", {"Flu vaccination"}),
            ("strong", set()),
            ("amp", set()),
            ("", {"Fire drill in Leeds", "Flu vaccination"}),
            ("  ,;  ", {"Fire drill in Leeds", "Flu vaccination"}),
        ],
    )
    def test_every_word_has_to_be_in_what_is_on_show_for_this_person(self, dave, query, found):
        assert {n.title for n in NoticeRepository.search(query, dave)} == found

    def test_a_hit_says_whether_it_was_read(self, dave):
        assert NoticeRepository.search("flu", dave).get().was_read is False


class TestSearchTakesAnything(TestCase):
    @settings(max_examples=60, deadline=None)
    @given(st.text(max_size=40))
    def test_no_query_breaks_the_search(self, query):
        assert list(NoticeRepository.search(query, self.person)) == []

    @classmethod
    def setUpTestData(cls):
        cls.person = make_person("reader")
