"""The processes of a worker. Celery's, but for the locks under which they take tasks and hand back results.

Where tasks come from a queue in the database, Celery's processes share one pipe, and whichever is idle waits for the
next task with its lock in its hands. A semaphore stays locked when its holder is killed, so one idle process that was
killed would stop the whole worker, for good and without a word. The lock on a file goes with its process.
"""

import fcntl
import os
import tempfile
import weakref
from pathlib import Path
from typing import Any

from celery.concurrency import prefork


class ProcessLock:
    """Between processes that were forked from one. POSIX gives it up for whoever dies."""

    def __init__(self) -> None:
        self._file, name = tempfile.mkstemp()
        Path(name).unlink()
        weakref.finalize(self, os.close, self._file)

    def acquire(self) -> bool:
        fcntl.lockf(self._file, fcntl.LOCK_EX)
        return True

    def release(self) -> None:
        fcntl.lockf(self._file, fcntl.LOCK_UN)

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_error: object) -> None:
        self.release()


class SharedPipePool(prefork.BlockingPool):
    _inqueue: Any
    _outqueue: Any

    def _setup_queues(self) -> None:
        super()._setup_queues()
        self._inqueue._rlock, self._outqueue._wlock = ProcessLock(), ProcessLock()


class TaskPool(prefork.TaskPool):
    BlockingPool = SharedPipePool
