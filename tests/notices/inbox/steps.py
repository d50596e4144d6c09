"""What a reader does at the inbox, and what the tests look at."""

from datetime import timedelta

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from notices.models import Delivery, Favourite, Notice, ReadAcknowledgment
from tests.makers import make_published

INDEX = "/inbox/"
BY_SCRIPT = {"X-Requested-With": "fetch"}
STRICT = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
}


def signed_in(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def page_of(notice) -> str:
    return reverse("inbox:notice", args=[notice.pk])


def act(notice, name: str) -> str:
    return reverse(f"inbox:{name}", args=[notice.pk])


def titles(response) -> list[str]:
    return [row.notice.title for row in response.context["rows"]]


def publish_many(count: int, *, author, recipient) -> list[Notice]:
    """Published a minute apart, the first of the list last."""
    made = [make_published(f"Notice {n}", author=author, recipients=(recipient,)) for n in range(count)]
    for n, notice in enumerate(made):
        published_at = timezone.now() - timedelta(minutes=n)
        Notice.objects.filter(pk=notice.pk).update(published_at=published_at)
        notice.audiencekey_set.update(published_at=published_at)
    return made


def everything_stored() -> dict[str, int]:
    models = (ReadAcknowledgment, ReadAcknowledgment.history.model, Favourite, Favourite.history.model, Delivery, Notice.history.model)
    return {model.__name__: model.objects.count() for model in models}
