"""What no page of ours would send gets an answer, never an error of the server."""

import pytest
from django.urls import reverse

from tests.makers import make_draft, make_group, make_person, make_published, make_recipient

NOTICES = reverse("admin:notices_notice_changelist")


@pytest.fixture
def everything(client, db):
    client.force_login(make_person(is_superuser=True, staff=True))
    return client


@pytest.mark.parametrize(
    "query", ["q=%00", "q=a%00b", "q=%%0000", "status__exact=%00", "p=%00", "q=%ff", f"q={'a' * 5000}", "p=-1", f"p={10**20}"]
)
def test_the_list_answers_whatever_its_address_asks(everything, alice, query):
    make_draft(author=alice)
    assert everything.get(f"{NOTICES}?{query}", follow=True).status_code == 200


@pytest.mark.parametrize("name", ["audience", "delivery", "readers"])
@pytest.mark.parametrize("query", ["q=%00", "only=%00", "state=nonsense", "p=-5", f"p={10**20}"])
def test_so_do_the_tabs_of_a_notice(everything, alice, dave, name, query):
    notice = make_published(author=alice, people=(dave,))
    assert everything.get(f"{reverse(f'admin:notices_notice_{name}', args=[notice.pk])}?{query}").status_code == 200


def test_a_page_that_is_asked_for_an_empty_field_is_shown(everything, alice):
    notice = make_draft(author=alice)
    assert everything.get(reverse("admin:notices_notice_change", args=[notice.pk]) + "?_to_field=").status_code == 200


def test_so_does_the_list_of_recipients(everything):
    assert everything.get(reverse("admin:recipients_recipient_changelist") + "?kind__exact=%00", follow=True).status_code == 200


@pytest.mark.parametrize("number", ["abc", str(10**20), "1"])
def test_an_object_that_cannot_exist_is_not_there(everything, number):
    for kind in ("recipient", "recipientgroup", "user"):
        assert everything.get(reverse(f"admin:recipients_{kind}_change", args=[number + "0"])).status_code == 302
        assert everything.get(reverse(f"admin:recipients_{kind}_history", args=[number + "0"])).status_code == 404


@pytest.mark.parametrize("selected", ["abc", "\x00", "1; DROP"])
def test_a_selection_that_is_no_number_is_refused(everything, alice, dave, selected):
    make_draft(author=alice, people=(dave,))
    response = everything.post(NOTICES, {"action": "publish_selected", "_selected_action": selected, "confirmed": "yes"})
    assert response.status_code == 400


@pytest.mark.parametrize("field", ["recipients", "groups", "people"])
@pytest.mark.parametrize("number", ["abc", "\x00", str(10**20), "-1"])
def test_an_addressee_that_is_no_number_is_refused_and_the_audience_stays(everything, alice, dave, field, number):
    notice = make_draft(author=alice, people=(dave,))
    response = everything.post(
        reverse("admin:notices_notice_audience", args=[notice.pk]), {"version": notice.version, field: [number, dave.pk]}
    )
    assert response.status_code == 200
    assert response.context["form"].errors[field]
    assert notice.noticeadditionalrecipient_set.get().user == dave


@pytest.mark.parametrize("target", ["nonsense", "a b", "'", "home"])
def test_who_is_signed_in_is_sent_on_to_the_address_and_not_to_a_view_of_that_name(everything, target):
    response = everything.get(reverse("login"), {"next": target})
    assert response.status_code == 302


def test_the_search_over_everything_is_off(everything):
    make_recipient("Leeds")
    make_group("Night shift")
    assert everything.get("/admin/search/", {"s": "recipient"}).status_code == 404
