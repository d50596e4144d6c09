"""A notice, who gets it and who does not."""

import pytest
from django.core.files.base import ContentFile

from notices.models import Attachment
from tests.makers import make_person, make_published, make_recipient
from tests.notices.inbox.steps import signed_in


@pytest.fixture
def leeds(dave, erin):
    return make_recipient("Site Leeds", members=(dave, erin))


@pytest.fixture
def drill(alice, leeds):
    """Addressed to dave and erin, to be acknowledged."""
    return make_published(author=alice, recipients=(leeds,), requires_acknowledgement=True)


@pytest.fixture
def rota(drill):
    return Attachment.objects.create(
        notice=drill, file=ContentFile(b"who,when", name="x"), name="Rota “May”.csv", content_type="text/csv", size=8, sha256="0" * 64
    )


@pytest.fixture
def reader(dave):
    return signed_in(dave)


@pytest.fixture
def oscar(db):
    """Someone whom no notice addresses."""
    return make_person("oscar")


@pytest.fixture
def stranger(oscar):
    return signed_in(oscar)
