from typing import Any, cast

from django.contrib import admin

from audit.admin import any_history, timeline  # noqa: F401 - registering is the point of one
from audit.admin.audited import AuditedAdmin
from audit.pages import access, exports, review, seals

for pages in (any_history, seals, exports, access, review):
    cast("Any", admin.site).add_pages(pages.urls)

__all__ = ["AuditedAdmin"]
