from typing import Any, cast

from django.contrib import admin

from notices.admin import approvals, categories, notices, trash

cast("Any", admin.site).add_pages(approvals.urls)

__all__ = ["categories", "notices", "trash"]  # importing them registers them
