"""What is posted for a field that the form does not show is not stored, on any form of the back office."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import models, transaction
from django.test import Client
from django.utils import timezone

from tests.matrix.observing import Try, tries
from tests.matrix.people import sign_in
from tests.matrix.surfaces import Surface
from tests.matrix.world import make_world

pytestmark = [pytest.mark.timeout(300), pytest.mark.django_db(transaction=True)]

# Who may most, who may write, who may write for one department, and who has rights on single objects.
LETTERS = "UADO"


def test_what_the_form_does_not_show_is_not_stored():
    world, sent, stored = make_world(), 0, []
    attempts = tries(world, is_change_form)
    assert len(attempts) > 10
    for letter in LETTERS:
        client = Client(raise_request_exception=False)
        sign_in(client, letter, world)
        for attempt in attempts:
            thing = behind(attempt)
            forged = {field.attname: lie(field, thing) for field in type(thing)._meta.concrete_fields if not is_shown(field, attempt)}
            with transaction.atomic():
                status = client.post(
                    attempt.address, attempt.data | forged | {name.removesuffix("_id"): forged[name] for name in forged}
                ).status_code
                thing.refresh_from_db()
                sent += status == 302
                stored += [
                    f"{letter} {attempt.address} {name}"
                    for name, value in forged.items()
                    if as_text(getattr(thing, name)) == as_text(value)
                ]
                transaction.set_rollback(True)
    assert sent > 10  # saved, without what was forged
    assert stored == []


def is_change_form(surface: Surface) -> bool:
    return surface.name.endswith("_change") and "password" not in surface.name


def behind(attempt: Try) -> Any:
    label = attempt.surface.name.removeprefix("admin:").removesuffix("_change")
    model = apps.get_model(*label.split("_", 1)) if label != "notices_trashednotice" else apps.get_model("notices", "notice")
    [pk] = re.findall(r"/(\d+)/", attempt.address)
    return model._base_manager.get(pk=pk)


def is_shown(field: models.Field, attempt: Try) -> bool:
    return field.primary_key or any(name == field.name or name.startswith(f"{field.name}_") for name in attempt.data)


def lie(field: models.Field, thing: Any) -> Any:
    """A value that the field could hold, and does not."""
    value = getattr(thing, field.attname)
    if isinstance(field, models.ForeignKey):
        return field.remote_field.model._base_manager.exclude(pk=value).values_list("pk", flat=True).last() or 10**9
    if isinstance(field, models.BooleanField):
        return not value
    if isinstance(field, models.DateTimeField):
        return timezone.now().replace(microsecond=0) - timedelta(days=1000)
    if isinstance(field, models.DateField):
        return timezone.localdate() - timedelta(days=1000)
    if isinstance(field, models.IntegerField):
        return (value or 0) + 997
    return next((choice for choice, _label in field.flatchoices if choice != value), "forged")


def as_text(value: Any) -> str:
    return str(value)
