"""The product's addresses, and beside them Django's own admin with the same columns of the same notices."""

from django.contrib.admin import AdminSite, ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.urls import path

from backoffice.urls import urlpatterns as product
from notices.models import Notice

stock = AdminSite(name="stock")


class StockNoticeAdmin(ModelAdmin):
    list_display = ("title", "status", "category", "created_by", "start_date", "end_date", "published_at")
    list_filter = ("status", "category")
    list_select_related = ("category", "created_by")
    list_per_page = 25
    ordering = ("-pk",)
    search_fields = ("title",)
    show_full_result_count = False  # one count less than as it comes, which would be too easy a limit

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        response.using = "stock"  # the templates of Django, not unfold's of the same names
        return response


stock.register(Notice, StockNoticeAdmin)
urlpatterns = [*product, path("stock/", stock.urls)]
