from typing import Any, cast

from django.contrib import admin

from audit.admin import any_history, timeline  # noqa: F401 - registering is the point of one
from audit.admin.audited import AuditedAdmin
from audit.exports.lists import register
from audit.pages import access, exports, list_exports, review, seals
from audit.pages.access_export import ExportedAccessRecords

for pages in (any_history, seals, exports, list_exports, access, review):
    cast("Any", admin.site).add_pages(pages.urls)
register(ExportedAccessRecords())

__all__ = ["AuditedAdmin"]
