"""What the inbox shows to whom, and what it says when a notice is gone."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from backoffice.clock import today
from notices.models import Favourite, Notice, ReadAcknowledgment
from notices.services import NoticeService
from tests.makers import PASSWORD, make_draft, make_published
from tests.notices.inbox.steps import INDEX, act, page_of, signed_in


@pytest.mark.parametrize("name", ["notice", "opened", "acknowledge", "favourite", "attachment"])
def test_someone_not_addressed_gets_what_an_unknown_number_gets(reader, stranger, drill, rota, name):
    def ask(client, number):
        address = reverse(f"inbox:{name}", args=[number, rota.pk] if name == "attachment" else [number])
        looks = name in {"notice", "attachment"}
        response = client.get(address) if looks else client.post(address, {"revision": 1, "favourite": 1})
        return response.status_code, response.getvalue().decode()

    refused, unknown, huge = ask(stranger, drill.pk), ask(stranger, drill.pk + 1000), ask(stranger, 10**30)

    assert {refused[0], unknown[0], huge[0]} == {404}
    assert without_tokens(refused[1]) == without_tokens(unknown[1])
    assert "Fire drill" not in refused[1]
    assert not ReadAcknowledgment.objects.exists()
    assert not Favourite.objects.exists()
    assert ask(reader, drill.pk)[0] in {200, 302}  # same set-up


def without_tokens(page: str) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page)


def test_an_attachment_is_a_download_under_its_own_name(reader, drill, rota):
    response = reader.get(f"{page_of(drill)}attachments/{rota.pk}/")

    assert response.getvalue() == b"who,when"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Disposition"].startswith("attachment; filename*=utf-8''Rota")
    assert "no-store" in response["Cache-Control"]


def test_an_attachment_of_another_notice_is_not_found(reader, stranger, oscar, drill, rota):
    other = make_published("Other", author=drill.created_by, people=(oscar,))

    assert stranger.get(f"{page_of(other)}attachments/{rota.pk}/").status_code == 404
    rota.file.delete(save=False)
    assert reader.get(f"{page_of(drill)}attachments/{rota.pk}/").status_code == 404  # its file is missing


def test_a_deactivated_account_is_out(reader, dave, drill):
    assert reader.get(INDEX).status_code == 200
    dave.is_active = False
    dave.save()

    assert reader.get(INDEX).status_code == 302
    assert reader.post(act(drill, "opened"), {"revision": 1}).status_code == 302
    assert not ReadAcknowledgment.objects.exists()
    assert Client().post("/sign-in/", {"username": "dave", "password": PASSWORD}).status_code == 200  # the form again


def test_the_link_of_a_mail_leads_through_the_sign_in_to_the_notice(dave, drill):
    anonymous = Client()
    sign_in = anonymous.get(f"{page_of(drill)}?from=mail", follow=True)
    where = sign_in.request["PATH_INFO"]
    assert where == "/sign-in/"
    assert f'name="next" value="{page_of(drill)}?from=mail"' in unescape(sign_in.text)

    form = {"username": "dave", "password": PASSWORD, "next": sign_in.context["next"]}
    landed = anonymous.post(where, form, follow=True)

    assert landed.request["PATH_INFO"] == page_of(drill)
    assert landed.context["notice"] == drill


def test_sign_in_never_leads_to_another_host(dave):
    response = Client().post("/sign-in/", {"username": "dave", "password": PASSWORD, "next": "https://evil.example/"})

    assert response["Location"] == reverse("inbox:index")


def test_whoever_is_signed_in_goes_on_to_the_page_that_was_asked_for(reader, drill):
    assert reader.get("/sign-in/", {"next": page_of(drill)})["Location"] == page_of(drill)
    assert reader.get("/sign-in/")["Location"] == reverse("home")


def test_a_reader_in_the_back_office_is_told_why_not_and_where_to_go(reader, bob):
    response = reader.get("/admin/", follow=True)

    assert response.request["PATH_INFO"] == "/sign-in/"
    assert "You are signed in as Dave Tester (dave)" in response.text
    assert f'href="{INDEX}"' in response.text
    assert 'value="/sign-in/?next=/admin/"' in response.text  # of the sign-out form: the next account goes there
    assert signed_in(bob).get("/admin/").status_code == 200


def test_only_staff_see_the_way_to_the_back_office(reader, bob):
    assert 'href="/admin/"' in signed_in(bob).get(INDEX).text
    assert 'href="/admin/"' not in reader.get(INDEX).text


def test_a_withdrawn_notice_says_so_to_those_who_had_it_and_to_nobody_else(reader, stranger, alice, dave, drill):
    NoticeService.acknowledge(drill, dave)
    NoticeService.withdraw(drill.pk, actor=alice)

    response = reader.get(page_of(drill))

    assert response.status_code == 410
    assert "This notice was withdrawn on" in response.text
    assert "You acknowledged it on" in response.text
    assert "Fire drill" not in response.text  # its title may be the next draft's by now
    assert reader.post(act(drill, "acknowledge"), {"revision": 1}).status_code == 410
    assert stranger.get(page_of(drill)).status_code == 404


def test_an_ended_notice_says_so_to_whoever_was_told_of_it(reader, drill):
    yesterday = today() - timedelta(days=1)
    Notice.objects.filter(pk=drill.pk).update(start_date=yesterday, end_date=yesterday)

    response = reader.get(page_of(drill))

    assert response.status_code == 410
    assert "This notice ended on" in response.text


def test_a_notice_of_a_later_day_names_the_day(reader, drill):
    Notice.objects.filter(pk=drill.pk).update(start_date=today() + timedelta(days=1))

    assert "This notice will be on show from" in reader.get(page_of(drill)).text


def test_whoever_moved_away_reads_that_the_notice_is_not_theirs_any_more(reader, dave, drill):
    dave.roleassignment_set.all().delete()

    response = reader.get(page_of(drill))

    assert response.status_code == 404
    assert "no longer addressed to you" in response.text


def test_a_draft_is_unknown_to_those_it_will_address(reader, alice, leeds):
    assert reader.get(page_of(make_draft(author=alice, recipients=(leeds,)))).status_code == 404
