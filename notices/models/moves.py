"""Who may have come into an audience, or gone out of it: noted by triggers, followed by `notices.services.following`."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now


class AudienceMove(models.Model):
    """Each of `people` gained or lost a way to each of the audience `keys`, or the account that makes it count.

    Triggers write it in the transaction of the change, one row for all rows of an entity or a group however many they
    are. Gone as soon as it is followed; of a long one `after` says up to which notice it was. `behind` are keys of things
    that were switched as a whole: whoever is behind them when it is followed belongs to the move too, whichever
    transaction put them there.
    """

    keys = ArrayField(models.BigIntegerField())
    people = ArrayField(models.BigIntegerField())
    behind = ArrayField(models.BigIntegerField(), null=True)
    after = models.BigIntegerField(default=0, db_default=0)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{len(self.people)} → {len(self.keys)}"


class MembershipDay(models.Model):
    """The last day of the organisation's whose beginnings and ends of memberships were noted as moves."""

    day = models.DateField(primary_key=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.day)
