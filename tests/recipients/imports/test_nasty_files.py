"""Every file of fixtures/nasty, and the larger ones that are made here, ends as its table says."""

import csv
import io
import re
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.recipients.imports.nasty_files import MAKERS

FOLDER = Path(__file__).parents[3] / "fixtures" / "nasty"
with (FOLDER / "outcomes.csv").open(newline="", encoding="utf-8") as table:
    OUTCOMES = list(csv.DictReader(table))


@pytest.fixture
def nasty_file(tmp_path):
    def get(name: str) -> Path:
        if name not in MAKERS:
            return FOLDER / name
        MAKERS[name](tmp_path / name)
        return tmp_path / name

    return get


def check(path: Path, **options) -> tuple[int, str, dict[str, str]]:
    """What a person at the command line sees: the exit code, the text, and the first place it names."""
    output = io.StringIO()
    code = 0
    try:
        call_command("check_import", path, stdout=output, **options)
    except CommandError as refusal:
        problem = refusal.__cause__
        return 1, str(refusal), {"line": str(problem.line or ""), "column": problem.column}
    except SystemExit as end:
        code = end.code
    place = re.match(r"line (?P<line>\d+)(, (?P<column>.+?))?( “.*”)?: ", output.getvalue())
    return code, output.getvalue(), {key: value or "" for key, value in place.groupdict().items()} if place else {"line": "", "column": ""}


@pytest.mark.parametrize("expected", OUTCOMES, ids=lambda row: row["file"])
def test_ends_as_the_table_says(nasty_file, expected):
    options = {"encoding": expected["encoding"], "sheet": expected["sheet"], "kind": expected["kind"] or "memberships"}
    code, said, place = check(nasty_file(expected["file"]), **options)

    assert code == (0 if expected["outcome"] == "accepted" else 1), said
    assert expected["words"] in (said if code == 0 else said.splitlines()[0])
    assert place == {"line": expected["line"], "column": expected["column"]}, said


def test_every_file_of_the_folder_is_in_the_table():
    there = {path.name for path in FOLDER.iterdir()} - {"outcomes.csv"}

    assert there | MAKERS.keys() == {row["file"] for row in OUTCOMES}
    assert not there & MAKERS.keys()
