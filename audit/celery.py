"""The base class of every task of the project."""

from typing import Any

from celery import Task

from audit.attribution import operation
from audit.sources import Source


class AttributedTask(Task):
    """What a task writes is one operation that bears its name."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with operation(Source.TASK, self.name):
            return super().__call__(*args, **kwargs)
