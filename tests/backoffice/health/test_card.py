"""The card of the start page: what is wrong, for whoever looks after the product, and nothing when all is well."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

import audit.health
from backoffice.health import heartbeats
from backoffice.permissions import Role
from backoffice.tasks import tick
from tests.makers import make_person

ADDRESS = "/admin/today/health/"


@pytest.fixture
def superuser(db):
    return make_person("root", staff=True, is_superuser=True)


def page(client, person, address=ADDRESS):
    client.force_login(person)
    return client.get(address)


@pytest.mark.parametrize("name", ["grace", "superuser"])
def test_it_says_what_is_wrong_and_what_mends_it(client, request, name):
    person = request.getfixturevalue(name)
    assert f'hx-get="{ADDRESS}"' in page(client, person, reverse("admin:index")).content.decode()
    said = page(client, person).content.decode()
    assert "Not all is well" in said
    assert "There is no worker: no mail leaves" in said
    assert "celery -A backoffice worker" in said


def test_it_is_not_there_when_all_is_well(client, grace, monkeypatch):
    monkeypatch.setattr(audit.health, "LATE", timedelta(days=1))  # what `migrate` wrote is as old as the test database
    heartbeats.worker_lives("celery@here", processes=2, busy=0)
    tick()
    assert page(client, grace).content.strip() == b""


@pytest.mark.parametrize("name", ["alice", "bob", "carol", "erin", "frank", "heidi"])
def test_others_are_not_bothered_with_it(client, request, name):
    person = request.getfixturevalue(name)
    assert ADDRESS not in page(client, person, reverse("admin:index")).content.decode()
    assert page(client, person).status_code == 403


def test_what_an_error_says_is_escaped(client, grace, settings, tmp_path):
    (tmp_path / "<b>").touch()
    settings.MEDIA_ROOT = tmp_path / "<b>" / "media"
    said = page(client, grace).content.decode()
    assert "&lt;b&gt;" in said
    assert "<b>" not in said


def test_the_right_can_be_given_on_the_page_of_a_role(client, superuser):
    """What the page does not offer, saving it would take away."""
    role = Group.objects.get(name=Role.ADMINISTRATOR)
    right = role.permissions.get(codename="view_heartbeat")
    answer = page(client, superuser, reverse("admin:auth_group_change", args=[role.pk]))
    assert "Health of the product" in answer.content.decode()
    assert right in answer.context["adminform"].form.fields["permissions"].offered
