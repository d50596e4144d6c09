"""What the person at the terminal sees: a line per step, ticked when it is done."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

RETURN = "\r\033[K"


class Step:
    """A step that runs. `outcome` replaces its words when it is done."""

    def __init__(self, words: str) -> None:
        self.outcome = words


class Screen:
    def __init__(self, stdout: Any, style: Any) -> None:
        self.stdout, self.style = stdout, style
        self.is_live = stdout.isatty()

    @contextmanager
    def step(self, words: str) -> Iterator[Step]:
        """Show `words` while the block runs, then a tick and the seconds it took."""
        self._show(f"  … {words}", ending="" if self.is_live else "\n")
        begun, step = time.monotonic(), Step(words)
        try:
            yield step
        except BaseException:  # Ctrl-C as well: the line is marked, and whatever it was goes on up
            self._show(f"{self._again}  {self.style.ERROR('✗')} {words}")
            raise
        self.done(f"{step.outcome}  {time.monotonic() - begun:.1f} s", again=self._again)

    def done(self, words: str, *, again: str = "") -> None:
        self._show(f"{again}  {self.style.SUCCESS('✓')} {words}")

    def lines(self, *lines: str) -> None:
        for line in lines:
            self._show(line)

    @property
    def _again(self) -> str:
        return RETURN if self.is_live else ""

    def _show(self, text: str, ending: str = "\n") -> None:
        self.stdout.write(text, ending=ending)
        self.stdout.flush()
