"""Django's admin, with our site in the place of the default one."""

from django.contrib.admin.apps import AdminConfig


class BackofficeAdminConfig(AdminConfig):
    default_site = "backoffice.sites.BackofficeSite"
