"""The forms of a page, as a browser would send them once a person has filled them in."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from lxml import html

from tests.makers import PASSWORD
from tests.matrix.world import World


def form_of(page: bytes) -> dict[str, list[str]]:
    """What the page's own form would send: the one with the most fields that is sent by POST. Empty if there is none."""
    forms = [form for form in html.fromstring(page).forms if form.method == "POST" and "sign-out" not in (form.action or "")]
    if not forms:
        return {}
    form = max(forms, key=lambda form: len(form.inputs))
    data: dict[str, list[str]] = {name: [] for name in form.fields if name}  # also those that are empty
    for name, value in form.form_values():
        data[name].append(value)
    return data


def filled(data: dict[str, list[str]], world: World) -> dict[str, Any]:
    """The same with every text changed, what is missing chosen, and everything said that a confirmation or an export asks for."""
    tomorrow = timezone.localdate() + timedelta(days=1)
    says = dict.fromkeys(("title", "name", "reason", "code", "first_name", "username"), "Changed")
    says |= {"content": "<p>Changed</p>", "day": f"{tomorrow:%d/%m/%Y}", "time": "09:00", "password1": PASSWORD, "password2": PASSWORD}
    if "verbs" in data:  # of the page that gives rights
        says |= {"verbs": "view", "person": str(world.author.pk)}
    asked = {"_save": ["Save"], "confirmed": ["yes"], "post": ["yes"], "format": ["csv"]}
    return data | {name: [value] for name, value in says.items() if name in data} | asked
