"""No address, name or title adds a header or an addressee to a mail, by whichever door it came in. Sending: tests/notices/test_mail.py."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from recipients.models import Recipient, User
from recipients.services import PersonService, RecipientService
from tests.makers import make_person, make_recipient

BREAKS = ["\r\n", "\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "%0d%0a", "\\r\\n"]
ADDRESSES = [f"dave@example.org{line}Bcc: evil@example.org" for line in BREAKS] + [
    "dave@example.org, evil@example.org", "dave@example.org;evil@example.org", "<dave@example.org> evil@example.org",
    "dave@exam\nple.org", "dave@example.org> RCPT TO:<evil@example.org", "@example.org", "dave@",
]  # fmt: skip


@pytest.mark.parametrize("email", ADDRESSES)
def test_no_such_address_is_stored_for_a_person_or_a_recipient(frank, grace, email):
    person, recipient = make_person("reader"), make_recipient("Leeds")
    person.email = recipient.email = email
    with pytest.raises(ValidationError):
        PersonService.save_changes(person, actor=grace)
    with pytest.raises(ValidationError):
        RecipientService.save(recipient, actor=frank)
    assert not User.objects.filter(email__contains="evil").exists()
    assert not Recipient.objects.filter(email__contains="evil").exists()


@pytest.mark.parametrize("email", ADDRESSES[:9])
def test_the_form_of_a_new_person_refuses_it_too(frank, email):
    client = Client()
    client.force_login(frank)
    data = {"username": "new", "first_name": "New", "last_name": "Person", "email": email, "usable_password": "false"}
    assert client.post(reverse("admin:recipients_user_add"), data).status_code == 200
    assert not User.objects.filter(username="new").exists()


def test_no_mail_of_ours_fails_in_silence(settings):
    """With `fail_silently` a failed STARTTLS left the mail in clear text (CVE-2026-7666)."""
    assert not [option for mailer in settings.MAILERS.values() for option in mailer.get("OPTIONS", {}) if "silent" in option]
    for app in ("audit", "backoffice", "notices", "recipients"):
        for path in (settings.BASE_DIR / app).rglob("*.py"):
            assert "fail_silently" not in path.read_text(), path
