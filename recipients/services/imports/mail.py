"""The note that an import has come to its end, for whoever asked for one."""

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from recipients.models import Import


def tell(import_id: int) -> int:
    """Returns how many mails were sent."""
    batch = Import.objects.select_related("created_by").get(pk=import_id)
    person = batch.created_by
    if not (batch.mails_when_done and person.is_active and person.email):
        return 0
    context = {
        "batch": batch,
        "person": person,
        "file": batch.files.first(),
        "link": settings.SITE_URL + reverse("admin:recipients_import_change", args=[batch.pk]),
        "organisation": settings.ORGANISATION_NAME,
    }
    text = render_to_string("recipients/import_mail.txt", context)
    subject = _("%(import)s: %(state)s") % {"import": batch, "state": batch.get_state_display()}
    return EmailMessage(subject, text, to=[person.email], headers={"Auto-Submitted": "auto-generated"}).send()
