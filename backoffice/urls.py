"""Two sites, one sign-in, and the way to the right one."""

from django.contrib import admin
from django.urls import include, path

from backoffice.views import home
from notices.inbox.site import inbox_site

urlpatterns = [
    path("", home, name="home"),
    path("", include("recipients.signin.urls")),
    path("admin/", admin.site.urls),
    path("inbox/", inbox_site.urls),
]
