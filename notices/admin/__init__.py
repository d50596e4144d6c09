from typing import Any, cast

from django.contrib import admin

from notices import dashboard
from notices.admin import approvals, categories, exports, notices, trash

for pages in (dashboard, approvals):
    cast("Any", admin.site).add_pages(pages.urls)

__all__ = ["categories", "exports", "notices", "trash"]  # importing them registers them
