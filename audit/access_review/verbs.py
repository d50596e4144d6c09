"""What can be done to a kind of thing, in the words of its permissions."""

from typing import Any

from django.contrib.auth import get_permission_codename
from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

STOCK = {"view": gettext_lazy("see"), "change": gettext_lazy("change"), "delete": gettext_lazy("delete"), "add": gettext_lazy("add")}


def verbs_of(model: type[Model] | Model) -> dict[str, str]:
    """The verbs that are asked of one object, each with its words."""
    opts: Any = model._meta.concrete_model._meta  # type: ignore[union-attr]
    stock = {verb: str(STOCK[verb]) for verb in ("view", "change", "delete") if verb in opts.default_permissions}
    return stock | {verb_in(codename, model): str(name).removeprefix(_("Can ")) for codename, name in opts.permissions}


def verb_in(codename: str, model: type[Model] | Model) -> str:
    """`publish` of `publish_notice`."""
    opts: Any = model._meta.concrete_model._meta  # type: ignore[union-attr]
    return codename.removesuffix(f"_{opts.model_name}")


def codename_of(verb: str, model: type[Model] | Model) -> str:
    return get_permission_codename(verb, model._meta.concrete_model._meta)  # type: ignore[union-attr]


def in_words(codename: str, model: type[Model] | Model) -> str:
    return (verbs_of(model) | {"add": str(STOCK["add"])}).get(verb_in(codename, model), codename)
