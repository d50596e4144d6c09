"""Starts processes, watches them, and leaves none behind."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

LOOK = 0.1  # seconds between two looks
GRACE = 8  # seconds to stop of its own accord
TAIL = 15  # lines of a log


class ChildDiedError(Exception):
    """A process ended that should run; the message says which, and shows the end of its log."""


@dataclass
class Child:
    name: str
    process: subprocess.Popen
    log: Path

    def tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-TAIL:]
        return "\n".join(f"    {line}" for line in lines)

    def signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)

    def kill_group(self) -> None:
        """Nothing that this child started survives it."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)


@dataclass
class Supervisor:
    """Use as a context: leaving it stops every child."""

    logs: Path
    environment: dict[str, str]
    folder: Path  # where the children run
    keep_open: tuple[int, ...] = ()  # file descriptors that the children inherit
    children: list[Child] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, name: str, command: list[str]) -> None:
        log = self.logs / f"{name.replace(' ', '-')}.log"
        with log.open("wb") as output:
            # A session of its own, so that Ctrl-C reaches us alone and we stop them in order.
            process = subprocess.Popen(  # noqa: S603 - our own command lines
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self.environment,
                cwd=self.folder,
                start_new_session=True,
                pass_fds=self.keep_open,
            )
        self.children.append(Child(name, process, log))

    def check(self) -> None:
        """Raises ChildDiedError when a child ended."""
        for child in self.children:
            if (code := child.process.poll()) is not None:
                how = f"ended with exit code {code}" if code >= 0 else f"was killed by {signal.Signals(-code).name}"
                msg = f"The {child.name} {how}. The end of {child.log}:\n{child.tail()}"
                raise ChildDiedError(msg)

    def wait_until(self, ready: Callable[[], bool], *, seconds: float) -> bool:
        """Wait for `ready`. False when the time is over."""
        deadline = time.monotonic() + seconds
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                return False
            time.sleep(LOOK)
        return True

    def watch(self) -> None:
        """Stay until a child dies (ChildDiedError) or someone interrupts."""
        while True:
            self.check()
            time.sleep(LOOK * 5)

    def stop(self) -> None:
        """Ask every child to stop, and after a while stop asking. A second Ctrl-C does not leave half of them behind."""
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        for child in reversed(self.children):
            child.signal(signal.SIGTERM)
        deadline = time.monotonic() + GRACE
        for child in self.children:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(timeout=max(0.01, deadline - time.monotonic()))
            child.kill_group()
            child.process.wait()
        self.children.clear()
        signal.signal(signal.SIGINT, before)
