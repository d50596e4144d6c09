"""The mail with the link to set a new password. Its address comes from `SITE_URL`, never from what a browser says."""

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _


def send_reset(person_id: int) -> int:
    person = get_user_model()._default_manager.filter(pk=person_id, is_active=True).exclude(email="").first()
    if person is None or not person.has_usable_password():
        return 0
    number, token = urlsafe_base64_encode(force_bytes(person.pk)), default_token_generator.make_token(person)
    context = {
        "person": person,
        "link": settings.SITE_URL + reverse("password_reset_confirm", args=[number, token]),
        "minutes": settings.PASSWORD_RESET_TIMEOUT // 60,
        "organisation": settings.ORGANISATION_NAME,
    }
    text = render_to_string("signin/reset_mail.txt", context)
    headers = {"Auto-Submitted": "auto-generated"}
    return EmailMessage(_("Set a new password"), text, to=[person.email], headers=headers).send()
