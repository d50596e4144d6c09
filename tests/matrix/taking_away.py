"""A plugin: runs the tests that hold a check which no page reaches, once without each of these checks. Used by `make mutants`.

Each run passes or fails as it may; a check is held if one of its tests failed without it. The session fails if one is not.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.matrix.unnoticed import HELD_BY

HELD: set[str] = set()
ASKED: set[str] = set()


def pytest_generate_tests(metafunc: Any) -> None:
    checks = [check for test, checks in HELD_BY.items() if metafunc.definition.nodeid.startswith(test) for check in checks]
    metafunc.parametrize("check_taken_away", checks, indirect=True)
    ASKED.update(checks)


@pytest.fixture(autouse=True)
def check_taken_away(request: Any, monkeypatch: Any) -> Iterator[str]:
    from tests.matrix.checks import RECORDER, Check, descriptions, watch_all  # noqa: PLC0415 - a plugin comes before the settings

    watch_all(monkeypatch)
    away = getattr(request, "param", None)  # a method of unittest's has none
    RECORDER.begin(Check(place, "") for place, words in descriptions().items() if words == away)
    yield away
    RECORDER.begin(())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: Any, call: Any) -> Any:
    report = yield
    if report.failed and report.when != "setup":
        HELD.add(item.callspec.params["check_taken_away"])
        report.outcome = "passed"
    return report


def pytest_sessionfinish(session: Any) -> None:
    if ASKED - HELD:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any) -> None:
    terminalreporter.write_line(f"{len(HELD)} of {len(ASKED)} checks are held by the tests of their services.")
    for check in sorted(ASKED - HELD):
        terminalreporter.write_line(f"  nobody notices when it is gone: {check}")
