from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

# Their own admin pages ask no policy of ours, and some show secrets.
WITHOUT_PAGES = ("account", "otp_totp", "socialaccount")


class SignInConfig(AppConfig):
    name = "recipients.signin"
    label = "signin"
    verbose_name = _("Signing in")

    def ready(self) -> None:
        from django.apps import apps  # noqa: PLC0415 - they need the models
        from django.contrib import admin  # noqa: PLC0415
        from django.contrib.auth.signals import user_logged_in  # noqa: PLC0415

        from audit import sentences  # noqa: PLC0415
        from recipients.signin import signals, trail  # noqa: PLC0415

        sentences.register(trail.WORDS)
        user_logged_in.connect(signals.note_sign_in, dispatch_uid="signin.note_sign_in")
        for model in (model for label in WITHOUT_PAGES for model in apps.get_app_config(label).get_models()):
            if admin.site.is_registered(model):
                admin.site.unregister(model)
