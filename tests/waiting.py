"""Waiting for what happens elsewhere."""

import time
from collections.abc import Callable
from typing import Any


def eventually(condition: Callable[[], Any], *, seconds: float = 15, about: Callable[[], str] = str) -> Any:
    """The first true answer of `condition`. Fails with `about()` when there is none in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := condition():
            return answer
        time.sleep(0.05)
    raise AssertionError(f"did not happen within {seconds} s: {about()}")
