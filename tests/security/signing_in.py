"""Somebody signed in, with a hash that no page may show."""

from django.test import Client

from recipients.models import User

HASH = "pbkdf2_sha256$1200000$canary"


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client
