"""Reads the folder. A fault in a file is a sentence that names the file."""

import csv
import json
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import CommandError
from django.utils import timezone

from backoffice import clock


class Named[T](dict[str, T]):
    """Rows by code or username; asking for one that is not there names the file it should be in."""

    def __init__(self, file: str) -> None:
        super().__init__()
        self.file = file

    def __missing__(self, key: str) -> NoReturn:
        msg = f"“{key}” is used but does not stand in {self.file}. Add it there."
        raise CommandError(msg)

    def all(self, keys: list[str]) -> list[T]:
        return [self[key] for key in keys]


class Source:
    """The folder, and the day that its relative dates count from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.today = clock.today()

    def rows(self, name: str) -> list[dict[str, str]]:
        with self._file(name).open(encoding="utf-8-sig", newline="") as handle:
            return list(csv.DictReader(handle))

    def notices(self) -> list[dict[str, Any]]:
        return json.loads(self._file("notices.json").read_text(encoding="utf-8"))

    def attachment(self, name: str) -> Path:
        return self._file(name)

    def day(self, offset: int) -> date:
        """So many days from today."""
        return self.today + timedelta(days=offset)

    def day_or_none(self, offset: str | int | None) -> date | None:
        """The same; empty means no date."""
        return None if offset is None or offset == "" else self.day(int(offset))

    def moment(self, day: date, hour: float) -> datetime:
        """An hour such as 9.5 of a day, in the organisation's zone."""
        midnight = datetime.combine(day, time(), tzinfo=timezone.get_default_timezone())
        return midnight + timedelta(hours=hour)

    def _file(self, name: str) -> Path:
        path = self.folder / name
        if not path.is_file():
            msg = f"{path} does not exist. An organisation is a folder such as fixtures/organisation."
            raise CommandError(msg)
        return path
