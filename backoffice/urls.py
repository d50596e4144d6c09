"""Two sites, one sign-in, and the way to the right one."""

from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.urls import path

from backoffice.views import SignInView, home
from notices.inbox.site import inbox_site

urlpatterns = [
    path("", home, name="home"),
    path("sign-in/", SignInView.as_view(), name="login"),
    path("sign-out/", LogoutView.as_view(), name="logout"),
    path("admin/", admin.site.urls),
    path("inbox/", inbox_site.urls),
]
