"""The permission checks of the project: every call of the policy, watched, and able to be taken away.

A check is known by the call that asks, and by the verb where one call asks about several.
"""

import ast
import functools
import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

from django.conf import settings

from backoffice import permissions
from backoffice.admin.pages import OwnPagesMixin
from recipients.models import User
from recipients.services import access

APPS = ("audit", "backoffice", "notices", "recipients")


class Place(NamedTuple):
    path: str
    line: int
    column: int


class Check(NamedTuple):
    place: Place
    verb: str  # empty where the call itself names it


# What each function of the policy answers when it allows everything.
def _yes(*_asked: Any) -> bool:
    return True


def _all(*asked: Any) -> Any:
    return asked[-1]


def _nothing(*_asked: Any) -> None: ...


ALLOWING: dict[Any, dict[str, Callable[..., Any]]] = {
    permissions: {"may": _yes, "may_everywhere": _yes, "may_somewhere": _yes, "visible": _all, "choosable": _all, "require": _nothing},
    access: {
        **dict.fromkeys(("may_give_rights", "may_change_person", "sees_rights_on", "sees_rights_of"), _yes),
        **dict.fromkeys(("require_change", "require_rights_giver"), _nothing),
    },
}
METHODS: tuple[tuple[type, str, Callable[..., Any]], ...] = ((OwnPagesMixin, "require", _nothing), (User, "has_perm", _yes))
NAMES = frozenset(name for names in ALLOWING.values() for name in names) | {name for _cls, name, _allowing in METHODS}
NO_SITES = ("backoffice/permissions.py",)  # the policy asks itself


@dataclass(slots=True)
class Recorder:
    taken_away: frozenset[Check] = frozenset()
    refused: set[Check] = field(default_factory=set)
    outermost: set[Check] = field(default_factory=set)  # of those, what no other check asked
    asking: int = 0

    def begin(self, without: Iterable[Check]) -> None:
        self.taken_away, self.refused, self.outermost, self.asking = frozenset(without), set(), set(), 0

    def refuses(self, check: Check) -> None:
        self.refused.add(check)
        if not self.asking:
            self.outermost.add(check)


RECORDER = Recorder()


def watch_all(monkeypatch: Any) -> None:
    """Let every module of the project ask through the recorder."""
    modules = list(_modules())
    for defining, names in ALLOWING.items():
        for name, allowing in names.items():
            ask = getattr(defining, name)
            watched = _watched(ask, allowing)
            for module in modules:
                if vars(module).get(name) is ask:
                    monkeypatch.setattr(module, name, watched)
    for cls, name, allowing in METHODS:
        monkeypatch.setattr(cls, name, _watched(getattr(cls, name), allowing))


def _modules() -> Iterator[Any]:
    for app in APPS:
        for found in pkgutil.walk_packages(importlib.import_module(app).__path__, f"{app}."):
            if ".migrations" not in found.name and not found.name.endswith("wsgi"):
                importlib.import_module(found.name)
    yield from [module for name, module in sys.modules.items() if name.partition(".")[0] in APPS]


def _watched(ask: Callable[..., Any], allowing: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(ask)
    def watched(*args: Any, **kwargs: Any) -> Any:
        place = _place(sys._getframe(1))
        if place is None:
            return ask(*args, **kwargs)
        check = Check(place, _verb(args) if place in _ask_about_several() else "")
        if not RECORDER.taken_away.isdisjoint({check, Check(place, "")}):
            return allowing(*args)
        RECORDER.asking += 1
        refused = True
        try:
            answer = ask(*args, **kwargs)
            refused = answer is False or (allowing is _all and answer is not args[-1])
        finally:
            RECORDER.asking -= 1
            if refused:
                RECORDER.refuses(check)
        return answer

    return watched


def _verb(asked: tuple[Any, ...]) -> str:
    return next((value for value in asked if isinstance(value, str)), "")


def _place(frame: FrameType) -> Place | None:
    return _place_of(frame.f_code, frame.f_lasti)


@functools.cache
def _place_of(code: CodeType, instruction: int) -> Place | None:
    path = Path(code.co_filename)
    if not path.is_relative_to(settings.BASE_DIR) or (name := path.relative_to(settings.BASE_DIR)).parts[0] not in APPS:
        return None
    line, _end, column, _end_column = list(code.co_positions())[instruction // 2]
    place = Place(name.as_posix(), line or 0, column or 0)
    return None if place.path in NO_SITES else place


# -- read from the source --
@functools.cache
def descriptions() -> dict[Place, str]:
    """Every call of the policy, in words that do not change with the lines: file, function and what is asked."""
    found: dict[Place, str] = {}
    for path in (path for app in APPS for path in sorted((settings.BASE_DIR / app).rglob("*.py"))):
        name = path.relative_to(settings.BASE_DIR).as_posix()
        if name not in NO_SITES:
            found |= {Place(name, call.lineno, call.col_offset): f"{name} {where}: {ast.unparse(call)}" for where, call in _calls(path)}
    return found


def _calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    def walk(node: ast.AST, within: str) -> Iterator[tuple[str, ast.Call]]:
        for child in ast.iter_child_nodes(node):
            named = isinstance(child, (ast.FunctionDef, ast.ClassDef))
            yield from walk(child, f"{within}.{child.name}".lstrip(".") if named else within)
            if isinstance(child, ast.Call) and _asks(child):
                yield within, child

    yield from walk(ast.parse(path.read_text()), "")


def _asks(call: ast.Call) -> bool:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr in {name for _cls, name, _allowing in METHODS}
    return isinstance(call.func, ast.Name) and call.func.id in NAMES and len(call.args) > 0 and not _of_the_environment(call)


def _of_the_environment(call: ast.Call) -> bool:
    return isinstance(call.args[0], ast.Name) and call.args[0].id == "env"


@functools.cache
def _ask_about_several() -> frozenset[Place]:
    """The calls whose verb is known only when they are made."""
    return frozenset(place for place, words in descriptions().items() if _verb_is_open(words))


def _verb_is_open(words: str) -> bool:
    call: Any = ast.parse(words.split(": ", 1)[1], mode="eval").body
    verbs = call.args[:1] if getattr(call.func, "attr", "") == "has_perm" else call.args[1:2]
    return bool(verbs) and not isinstance(verbs[0], ast.Constant) and getattr(call.func, "id", "") not in {"choosable", *ALLOWING[access]}


def describe(check: Check) -> str:
    return descriptions()[check.place] + (f" [{check.verb}]" if check.verb else "")
