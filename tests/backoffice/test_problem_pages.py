"""What people see when something is refused."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.makers import make_draft


def test_a_refusal_names_the_reason_and_the_way_on(client, carol, alice, dave):
    notice = make_draft(author=alice, people=(dave,))
    client.force_login(carol)

    page = client.get(reverse("admin:notices_notice_act", args=[notice.pk, "publish"])).content.decode()

    assert "You may not do this" in page
    assert "ask an administrator" in page


def test_a_form_without_its_token_says_that_nothing_typed_is_lost(alice):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)

    response = strict.post(reverse("admin:notices_notice_add"), {"title": "x"})

    assert response.status_code == 403
    assert "what you typed is still there" in response.content.decode()


@pytest.mark.django_db
def test_an_unknown_address_leads_to_the_start_page(client):
    response = client.get("/nowhere/")

    assert response.status_code == 404
    assert 'href="/"' in response.content.decode()
