"""Imports: their list, the page that takes a file in, and the page of each, which changes as the import does."""

from recipients.admin.imports import admin  # noqa: F401 - registering is its point
