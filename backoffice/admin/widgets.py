"""Widgets of the back office."""

from typing import Any

from django.contrib.admin.widgets import AutocompleteSelectMultiple


class ManyByAutocomplete(AutocompleteSelectMultiple):
    """Several rows by autocomplete. Each has its own cross; select2's button for all stands where a list may not hold one."""

    def build_attrs(self, base_attrs: dict[str, Any], extra_attrs: dict[str, Any] | None = None) -> dict[str, Any]:
        return super().build_attrs(base_attrs, extra_attrs) | {"data-allow-clear": "false"}
