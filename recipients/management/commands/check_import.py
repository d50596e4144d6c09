"""`manage.py check_import FILE`: what is wrong with a spreadsheet, before anything is imported."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from recipients.imports.kinds import KINDS
from recipients.imports.problems import CellProblem, StructureProblem
from recipients.imports.reports import Report
from recipients.imports.tables import open_table

SHOWN = 20


class Command(BaseCommand):
    help = "Say what is wrong with a spreadsheet that is to be imported. Nothing is imported. Ends with 1 if anything is wrong."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--kind", choices=sorted(KINDS), default="memberships", help="what the rows are")
        parser.add_argument("--encoding", default="", help="cp1252, if the file is not Unicode and the sample reads well so")
        parser.add_argument("--sheet", default="", help="the sheet of a workbook in which several hold data")

    def handle(self, *args: Any, **options: Any) -> None:
        kind = KINDS[options["kind"]]
        try:
            table = open_table(options["file"], kind.columns, encoding=options["encoding"], sheet=options["sheet"])
            report = kind.check(table)
        except StructureProblem as problem:
            raise CommandError("\n".join([problem.message, *(f"    {line}" for line in problem.sample)])) from problem
        except OSError as error:
            raise CommandError(_("The file cannot be read: %(reason)s.") % {"reason": error.strerror}) from error
        self._tell(report)
        if not report.is_clean:
            raise SystemExit(1)

    def _tell(self, report: Report) -> None:
        for problem in report.problems[:SHOWN]:
            self.stdout.write(_sentence(problem))
        more = report.problem_count - SHOWN
        if more > 0:
            self.stdout.write(ngettext("… and %(count)s more.", "… and %(count)s more.", more) % {"count": f"{more:,}"})
        for notice in report.all_notices():
            self.stdout.write(notice.message)
        self.stdout.write(report.summary())


def _sentence(problem: CellProblem) -> str:
    place = _("line %(line)d") % {"line": problem.line}
    if problem.column:
        place += f", {problem.column}"
    value = f" “{problem.value}”" if problem.value else ""
    return f"{place}{value}: {problem.message}"
