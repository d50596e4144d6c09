"""Where a person can choose, a problem says among what: titles to map by hand, sheets to read."""

import pytest

from recipients.imports.memberships import COLUMNS
from recipients.imports.problems import StructureProblem
from recipients.imports.tables import open_table
from tests.recipients.imports.nasty_files import HEADER, workbook


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("Crew, E-mail \nG1,ann@example.org\n", ("Crew", "E-mail")),
        ("Group code,E-mail,e_mail\nG1,a@example.org,\n", ("Group code", "E-mail", "e_mail")),
        ("Group code,E-mail,Group names\nG1,ann@example.org,Night\n", ("Group code", "E-mail", "Group names")),
        ("Night crew,\nGroup code,E-mail\nG1,ann@example.org\n", ("Night crew", "")),
        ("G1,ann@example.org\nG2,bob@example.org\n", ("G1", "ann@example.org")),
    ],
    ids=["missing", "twice", "misspelt", "further down", "none"],
)
def test_a_problem_with_the_header_tells_its_titles(tmp_path, text, titles):
    path = tmp_path / "members.csv"
    path.write_text(text)

    with pytest.raises(StructureProblem) as problem:
        open_table(path, COLUMNS)
    assert (problem.value.code, problem.value.titles) == ("header", titles)
    with pytest.raises(StructureProblem) as problem:
        open_table(path, COLUMNS, mapping={"Nowhere": "group"})
    assert (problem.value.code, problem.value.titles) == ("mapping", titles)


@pytest.mark.parametrize("sheet", ["", "July"])
def test_a_problem_with_the_sheets_tells_their_names(tmp_path, sheet):
    path = tmp_path / "sheets.xlsx"
    workbook(path, [HEADER, ["G1", "", "ann@example.org"]], [HEADER, ["G1", "", "bob@example.org"]], names=["May", "June"])

    with pytest.raises(StructureProblem) as problem:
        open_table(path, COLUMNS, sheet=sheet)
    assert (problem.value.code, problem.value.sheets) == ("sheets", ("May", "June"))
