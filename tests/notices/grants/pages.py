"""The pages of rights, and what is posted to them."""

from django.contrib.auth.models import Group
from django.urls import reverse

from notices.models import NoticeRolePermission, NoticeUserPermission
from recipients.services import GrantService


def access(target):
    return reverse(f"admin:{target._meta.app_label}_{target._meta.model_name}_access", args=[target.pk])


def revoke(target, grant):
    kind = "person" if hasattr(grant, "user_id") else "role"
    return reverse(f"admin:{target._meta.app_label}_{target._meta.model_name}_access_revoke", args=[target.pk, f"{kind}-{grant.pk}"])


def grants_of(holder):
    return reverse("admin:auth_group_grants" if isinstance(holder, Group) else "admin:recipients_user_grants", args=[holder.pk])


def filled(client, target, **fields):
    """What the browser would post after someone opened the page and filled the form."""
    form = client.get(access(target)).context["form"]
    return {"seen": form.initial["seen"], "reason": "Covers for Alice", "verbs": ["publish"]} | fields


def as_is():
    return [list(model.objects.order_by("pk").values_list()) for model in (NoticeUserPermission, NoticeRolePermission)]


def give(holder, verb, target, actor):
    """On a notice; returns the row."""
    GrantService.grant(target, verb=verb, to=holder, actor=actor, reason="Covers for Alice")
    if isinstance(holder, Group):
        return NoticeRolePermission.objects.get(group=holder, content_object=target, permission__codename=f"{verb}_notice")
    return NoticeUserPermission.objects.get(user=holder, content_object=target, permission__codename=f"{verb}_notice")
