"""Whether this worker was asked to stop: long tasks look here between two steps, and leave the rest to the next worker.

Celery tells only the parent process, so the flag lies in memory that its children share.
"""

import mmap
from typing import Any

from celery.signals import worker_shutting_down

_flag = mmap.mmap(-1, 1)  # inherited by every child that is forked


@worker_shutting_down.connect
def _note(**_: Any) -> None:
    _flag[0] = 1


def is_stopping() -> bool:
    return _flag[0] == 1
