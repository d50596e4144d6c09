"""Row by row: a list that is taken away holds what its reader may export, and no more."""

import pytest
from django.urls import reverse
from guardian.shortcuts import assign_perm

from notices.roles import make_missing_roles
from recipients.models import RoleAssignment
from tests.audit.exported import staff_who_may, taken
from tests.makers import make_draft, make_recipient

pytestmark = pytest.mark.django_db(transaction=True)  # an export reads on a connection of its own


@pytest.fixture(autouse=True)
def _roles(db):
    make_missing_roles()


def test_only_rows_that_one_may_export_are_in_the_file(client, alice, bob):
    seen, taken_away, hidden = (make_draft(title, author=alice) for title in ("Seen", "Taken", "Hidden"))
    assign_perm("notices.view_notice", bob, seen)
    assign_perm("notices.export_notice", bob, taken_away)
    client.force_login(bob)
    assert [row["Title"] for row in taken(client, "notices")] == ["Taken"]
    page = client.get(reverse("admin:notices_notice_changelist")).content.decode()
    assert "Seen" in page
    assert hidden.title not in page


def test_an_author_of_a_department_exports_its_notices(client, alice, heidi, facilities):
    make_draft("Ours", author=alice, department=facilities)
    make_draft("Theirs", author=alice)
    client.force_login(heidi)
    assert [row["Title"] for row in taken(client, "notices")] == ["Ours"]


def test_places_leave_with_the_recipients_that_one_may_export(client, dave):
    here, there = (make_recipient(name, members=(dave,)) for name in ("Here", "There"))
    person = staff_who_may("mia", "view_roleassignment", "view_user")
    assign_perm("recipients.export_recipient", person, here)
    client.force_login(person)
    assert [row["Recipient"] for row in taken(client, "places")] == [here.name]
    assert RoleAssignment.objects.filter(recipient=there).exists()
