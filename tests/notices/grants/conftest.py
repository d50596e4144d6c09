"""A draft, and somebody who decides about it alone."""

import pytest
from django.contrib.auth.models import Permission
from guardian.shortcuts import assign_perm

from tests.makers import make_draft, make_person


@pytest.fixture
def draft(alice):
    return make_draft("Fire drill", author=alice)


@pytest.fixture
def heidi(db, draft):
    """Decides about this one notice, may change it, and no more; she may look people and roles up."""
    person = make_person("heidi", staff=True)
    for right in ("grant_notice", "change_notice"):
        assign_perm(right, person, draft)
    person.user_permissions.set(Permission.objects.filter(codename__in=("view_user", "view_group")))
    return person
