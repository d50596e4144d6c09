"""Whoever makes something may go on with it: granted on that very object, in the transaction that makes it."""

from typing import Any

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.utils.translation import gettext as _
from guardian.utils import get_user_obj_perms_model

from audit.attribution import acting
from backoffice.permissions import forget_grants, may_everywhere, permission_name


def grant_to_creator(made: Model, *, actor: Any) -> None:
    """Grant `actor` what the model's `creator_may` names, but for what a role allows them everywhere."""
    model: Any = type(made)
    verbs = [verb for verb in model.creator_may if not may_everywhere(actor, verb, model)]
    if not verbs:
        return
    codenames = [permission_name(model, verb).partition(".")[2] for verb in verbs]
    rights = Permission.objects.filter(content_type=ContentType.objects.get_for_model(model), codename__in=codenames)
    grants = get_user_obj_perms_model(model)
    with acting(actor, reason=_("Whoever makes something may go on with it")):
        grants.objects.bulk_create([grants(user_id=actor.pk, permission=right, content_object=made) for right in rights])
    forget_grants(actor)
