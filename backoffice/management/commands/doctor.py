"""Say in sentences what is wrong and how to mend it."""

import json
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice.health.findings import Finding, Group, Level
from backoffice.health.registry import Check, checks, look_at

type Seen = list[tuple[Check, list[Finding] | None]]
MARKS = {Level.PROBLEM: "✗", Level.NOTE: "·"}


class Command(BaseCommand):
    help = "Look at everything that has to work, and say in sentences what is wrong and how to mend it. Exit code 1 if something is."
    requires_system_checks = []  # they are among what it looks at

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="the same for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        seen = list(look_at(checks()))
        self.stdout.write(_as_json(seen) if options["json"] else "\n".join(self._told(seen)))
        if not _is_well(seen):
            raise SystemExit(1)

    def _told(self, seen: Seen) -> Iterable[str]:
        for group, ones in groupby(seen, key=lambda one: one[0].group):
            yield from self._told_of_group(group, list(ones))
        yield ""
        yield _in_short(seen)

    def _told_of_group(self, group: Group, ones: Seen) -> Iterable[str]:
        found = [finding for _one, findings in ones for finding in findings or []]
        skipped = [one.name for one, findings in ones if findings is None]
        if not found and not skipped:
            yield _("%(group)s: all is well.") % {"group": group.label}
            return
        yield f"{group.label}:"
        for finding in found:
            style = self.style.ERROR if finding.level == Level.PROBLEM else self.style.WARNING
            yield f"  {style(MARKS[finding.level])} {finding.text}"
            yield f"    → {finding.remedy}"
        if skipped:
            yield "  " + _("Not looked at before the database is well: %(names)s.") % {"names": ", ".join(skipped)}


def _is_well(seen: Seen) -> bool:
    return not any(findings is None or any(finding.level == Level.PROBLEM for finding in findings) for _one, findings in seen)


def _in_short(seen: Seen) -> str:
    levels = [finding.level for _one, findings in seen for finding in findings or []]
    problems, notes = levels.count(Level.PROBLEM), levels.count(Level.NOTE)
    if not problems and not notes:
        return _("All is well.")
    said = [ngettext("%(count)s thing is wrong", "%(count)s things are wrong", problems) % {"count": problems}] if problems else []
    if notes:
        said.append(ngettext("%(count)s thing is worth knowing", "%(count)s things are worth knowing", notes) % {"count": notes})
    return ", ".join(said) + "."


def _as_json(seen: Seen) -> str:
    found = [
        {"check": one.name, "group": one.group.value, "level": f.level.value, "text": f.text, "remedy": f.remedy}
        for one, findings in seen
        for f in findings or []
    ]
    skipped = [one.name for one, findings in seen if findings is None]
    told = {"ok": _is_well(seen), "findings": found, "checks": [one.name for one, _findings in seen], "not_looked_at": skipped}
    return json.dumps(told, ensure_ascii=False, indent=2)
