"""The words in which the trail tells what happened to second steps."""

from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_totp.models import TOTPDevice

from audit.sentences import ANY, Words
from recipients.signin.models import RecoveryCode

WORDS = {
    TOTPDevice: Words(
        created=_("set up the second step of signing in for {user}"),
        deleted=_("took away the second step of signing in from {user}"),
        own_name=_("the second step of {user}"),
        plural=_("second steps"),
        member="user",
    ),
    RecoveryCode: Words(
        created=_("made a recovery code for {user}"),
        deleted=_("removed a recovery code of {user}"),
        created_many=_("made {count} recovery codes for {user}"),
        deleted_many=_("removed {count} recovery codes of {user}"),
        verbs={"used_at": {ANY: _("used a recovery code of {user}")}},
        own_name=_("a recovery code of {user}"),
        plural=_("recovery codes"),
        member="user",
    ),
}
