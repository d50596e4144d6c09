from typing import Any, cast

from django.contrib import admin

from audit.admin import any_history
from audit.admin.audited import AuditedAdmin

cast("Any", admin.site).add_pages(any_history.urls)

__all__ = ["AuditedAdmin"]
