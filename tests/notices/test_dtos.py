import json
from dataclasses import FrozenInstanceError, fields
from datetime import date

import pytest

from backoffice.clock import today
from notices.dtos import NoticeCreationData, NoticeDTO, RecipientDTO
from notices.models import Notice
from notices.repositories import NoticeRepository
from notices.services import NoticeService
from tests.makers import make_draft, make_group, make_person, make_published, make_recipient


@pytest.fixture
def notice(alice, dave):
    leeds = make_recipient("Leeds", email="leeds@example.org", members=(dave,))
    return make_published(
        author=alice,
        recipients=(leeds, make_recipient("York")),
        groups=(make_group("Night shift", recipients=(leeds,)),),
        people=(dave,),
        requires_acknowledgement=True,
        end_date=date(2099, 1, 1),
        due_date=date(2098, 1, 1),
    )


def test_every_field_is_true(notice, alice, dave):
    dto = NoticeDTO.from_model(notice, dave)

    assert (dto.id, dto.title, dto.content) == (notice.pk, "Fire drill", "<p>The drill is on Tuesday at ten.</p>")
    assert (dto.status, dto.is_published, dto.published_at) == ("published", True, notice.published_at)
    assert (dto.start_date, dto.end_date, dto.due_date) == (today(), date(2099, 1, 1), date(2098, 1, 1))
    assert (dto.requires_acknowledgement, dto.created_by) == (True, str(alice))
    assert (dto.was_read, dto.is_favourite, dto.recipient_count) == (False, False, 2)


def test_reading_and_favourite_are_those_of_the_person_asked_about(notice, dave):
    NoticeService.mark_as_read(notice, dave)
    NoticeService.set_favourite(notice, dave, favourite=True)

    mine, theirs = NoticeDTO.from_model(notice, dave), NoticeDTO.from_model(notice, make_person())
    assert (mine.was_read, mine.is_favourite) == (True, True)
    assert (theirs.was_read, theirs.is_favourite) == (False, False)


def test_the_recipients_are_of_three_types(notice, dave):
    leeds, york, night, person = NoticeDTO.from_model(notice, dave).recipients

    assert (leeds.name, leeds.email, leeds.type) == ("Leeds", "leeds@example.org", "direct")
    assert (york.name, york.email, york.type) == ("York", "", "direct")
    assert (night.name, night.email, night.type) == ("Night shift", "", "group")
    assert (person.id, person.name, person.email, person.type) == (dave.pk, "Dave Tester", "dave@example.org", "additional")
    assert all(isinstance(r, RecipientDTO) for r in (leeds, york, night, person))


def test_what_was_annotated_is_not_asked_again(notice, dave, django_assert_num_queries):
    annotated = Notice.objects.with_read_status(dave).with_favourite(dave).with_recipient_count().select_related("created_by").get()
    with django_assert_num_queries(3):  # the three kinds of recipients
        dto = NoticeDTO.from_model(annotated, dave)
    assert dto == NoticeDTO.from_model(notice, dave)


def test_a_notice_of_an_inbox_page_says_the_same(notice, dave):
    NoticeService.mark_as_read(notice, dave)
    [from_page] = NoticeRepository.inbox_page(dave)
    assert NoticeDTO.from_model(from_page, dave) == NoticeDTO.from_model(Notice.objects.get(), dave)


def test_a_notice_without_an_author_or_recipients_has_empty_ones(db, dave):
    dto = NoticeDTO.from_model(Notice.objects.create(title="Bare", content="<p>Hello</p>"), dave)
    assert (dto.created_by, dto.recipients, dto.recipient_count, dto.is_published) == ("", (), 0, False)


def test_to_dict_has_every_field_and_plain_recipients(notice, dave):
    dto = NoticeDTO.from_model(notice, dave)
    plain = dto.to_dict()

    assert list(plain) == [field.name for field in fields(dto)]
    assert plain["recipients"][0] == {"id": dto.recipients[0].id, "name": "Leeds", "email": "leeds@example.org", "type": "direct"}


def test_to_json_reads_back_as_the_same_facts(notice, dave):
    notice.title = "Zoë’s “drill” </script> \u2028"
    read = json.loads(NoticeDTO.from_model(notice, dave).to_json())

    assert read["title"] == notice.title
    assert (read["start_date"], read["end_date"]) == (today().isoformat(), "2099-01-01")
    assert (read["was_read"], read["recipient_count"], len(read["recipients"])) == (False, 2, 4)


@pytest.mark.parametrize("dto", [NoticeCreationData("Title", "<p>Text</p>"), RecipientDTO(1, "Leeds", "", "direct")])
def test_a_dto_is_frozen(dto):
    with pytest.raises(FrozenInstanceError):
        setattr(dto, fields(dto)[0].name, "other")


def test_a_draft_is_not_published_in_its_dto(alice, dave):
    assert NoticeDTO.from_model(make_draft(author=alice, people=(dave,)), dave).is_published is False
