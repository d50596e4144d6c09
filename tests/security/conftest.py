"""The production example, as an operator would load it, on this machine's database."""

import subprocess
from pathlib import Path

import pytest
from django.conf import settings as django_settings


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
