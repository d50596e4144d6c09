"""The production example, as an operator would load it, on this machine's database; and one of each thing that holes were found in."""

import subprocess
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.test import RequestFactory

from recipients.models import RoleAssignment
from tests.makers import make_category, make_draft, make_group, make_published, make_recipient
from tests.security.signing_in import HASH


@pytest.fixture
def example(tmp_path) -> dict[str, str]:
    """The variables of .env.example, read by a shell; files and folders lie in `tmp_path`."""
    script = "set -a; . ./.env.example; env -0"
    done = subprocess.run(["/bin/bash", "-c", script], cwd=django_settings.BASE_DIR, env={}, capture_output=True, text=True, check=True)
    pairs = dict(line.split("=", 1) for line in done.stdout.split("\0") if "=" in line)
    environment = {name: value for name, value in pairs.items() if name not in {"PWD", "SHLVL", "_"}}
    for name in ("SECRET_KEY_FILE", "AUDIT_SIGNING_KEY_FILE", "AUDIT_ANCHOR_FILE", "MEDIA_ROOT", "STATIC_ROOT", "VAR_DIR"):
        environment[name] = str(tmp_path / Path(environment[name]).name)
    # What the comments of the file say to put there.
    (tmp_path / "secret_key").write_text("gQ7v-2kXw9JmTzR4bLs8YpNc3HdEaFu6VxPi1WqKoBtMrZ5yGj0")
    (tmp_path / "seals_key").write_text("c2l4dGVlbiBieXRlcyBhbmQgc2l4dGVlbiBtb3JlLi4=")
    return environment


@pytest.fixture
def world(alice, dave):
    """One of each thing."""
    dave.password = HASH
    dave.save()
    recipient = make_recipient("Site Leeds", members=(dave,))
    group = make_group("Night shift", recipients=(recipient,), people=(dave,))
    draft = make_draft("Draft", author=alice, people=(dave,), category=make_category("Safety"))
    published = make_published("Fire drill", author=alice, recipients=(recipient,), groups=(group,), people=(dave,))
    return {
        "notices_notice": [draft, published],
        "notices_category": [draft.category],
        "recipients_user": [dave],
        "recipients_recipient": [recipient],
        "recipients_recipientgroup": [group],
        "recipients_roleassignment": [RoleAssignment.objects.get()],
        "auth_group": [alice.groups.get()],
    }


@pytest.fixture
def rf() -> RequestFactory:
    return RequestFactory()
