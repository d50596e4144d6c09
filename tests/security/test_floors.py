"""No installed package is older than the fix of a hole that is known."""

import re
import tomllib
from pathlib import Path

import pytest
from django.conf import settings
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

FILE = tomllib.loads(Path(settings.BASE_DIR, "docs/security-floors.toml").read_text())
PROJECT = tomllib.loads(Path(settings.BASE_DIR, "pyproject.toml").read_text())
HASH = re.compile(r"\s+--hash=sha256:[0-9a-f]{64}")


def pins() -> dict[str, Version]:
    """Every package of the lock with its one version. A line that is none of ours to read fails here."""
    text = Path(settings.BASE_DIR, "requirements.lock").read_text().replace("\\\n", " ")
    found: dict[str, Version] = {}
    for line in filter(None, text.splitlines()):
        assert HASH.search(line), f"{line} is not pinned by a hash."
        requirement = Requirement(HASH.sub("", line).strip())
        (pin,) = requirement.specifier
        assert pin.operator == "==", line
        name = canonicalize_name(requirement.name)
        found[name] = min(Version(pin.version), found.get(name, Version(pin.version)))  # per platform: the oldest counts
    return found


def below(floors: list[dict], installed: dict[str, Version]) -> list[str]:
    return [
        f"{floor['package']} {installed.get(floor['package'])} < {floor['minimum']}: {floor['advisory']}"
        for floor in floors
        if floor["package"] not in installed or installed[floor["package"]] < Version(floor["minimum"])
    ]


def test_every_package_of_the_lock_carries_the_fixes_that_are_known():
    assert below(FILE["floor"], pins()) == []


def test_what_must_not_come_in_is_not_there():
    assert {entry["package"] for entry in FILE["absent"]} & pins().keys() == set()


def test_the_lock_holds_what_the_project_asks_for():
    """An installer that finds no fitting release takes an old one without a word."""
    installed, wanted = pins(), [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["dev"]]
    for requirement in map(Requirement, wanted):
        name = canonicalize_name(requirement.name)
        assert name in installed, requirement
        assert requirement.specifier.contains(installed[name]), f"{name} {installed[name]}"


@pytest.mark.parametrize("entry", [*FILE["floor"], *FILE["absent"]], ids=lambda e: f"{e['package']} {e.get('advisory', '')}")
def test_each_entry_says_which_advisory_and_what_it_was(entry):
    assert entry["package"] == canonicalize_name(entry["package"])
    said = entry.get("what") or entry["why"]
    assert len(said) > 20
    assert "advisory" not in entry or re.fullmatch(r"CVE-\d{4}-\d{4,}|GHSA(-[0-9a-z]{4}){3}", entry["advisory"])


@pytest.mark.parametrize("installed", [{}, {"django": Version("6.1.2")}], ids=["missing", "older"])
def test_a_missing_or_older_package_is_named_with_its_advisory(installed):
    (line,) = below([{"package": "django", "minimum": "6.1.3", "advisory": "CVE-2026-113733"}], installed)
    assert line.startswith("django ")
    assert line.endswith("CVE-2026-113733")
