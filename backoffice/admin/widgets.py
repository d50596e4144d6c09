"""Widgets of the back office."""

from typing import Any

from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple

LONGEST_ID = 18  # digits


class SafeIdsMixin:
    def optgroups(self, name: str, value: list[str], attr: dict[str, Any] | None = None) -> list:
        """Only what can be an id is looked up; the field has refused the rest by then."""
        return super().optgroups(name, [pk for pk in value if str(pk).isdecimal() and len(str(pk)) <= LONGEST_ID], attr)


class OneByAutocomplete(SafeIdsMixin, AutocompleteSelect):
    """One row by autocomplete."""


class ManyByAutocomplete(SafeIdsMixin, AutocompleteSelectMultiple):
    """Several rows by autocomplete. Each has its own cross; select2's button for all stands where a list may not hold one."""

    def build_attrs(self, base_attrs: dict[str, Any], extra_attrs: dict[str, Any] | None = None) -> dict[str, Any]:
        return super().build_attrs(base_attrs, extra_attrs) | {"data-allow-clear": "false"}
