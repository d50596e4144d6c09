"""What people may set about their own account."""

import zoneinfo
from collections import defaultdict
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from audit.attribution import acting
from recipients.models import User


class TimeZoneForm(forms.ModelForm):
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False, help_text=_("Every date and time in your inbox is shown in it."))

    class Meta:
        model = User
        fields = ("time_zone",)

    def __init__(self, data: Any = None, *, instance: User) -> None:
        super().__init__(data, instance=instance, label_suffix="")
        self.fields["time_zone"].choices = _choices(self.instance.time_zone)

    def save(self, commit: bool = True) -> User:
        with acting(self.instance):
            self.instance.save(update_fields=["time_zone"])
        return self.instance


def _choices(current: str) -> list:
    """The organisation's own zone first, then cities by continent. An unusual zone that is in use stays."""
    regions = defaultdict(list)
    for name in sorted(zoneinfo.available_timezones()):
        region, _slash, city = name.partition("/")
        if city and region not in {"Etc", "SystemV", "US", "Canada", "Brazil", "Chile", "Mexico"}:
            regions[region].append((name, city.replace("_", " ")))
    own = _("The organisation's own (%(zone)s)") % {"zone": settings.TIME_ZONE}
    unusual = [(current, current)] if current and "/" not in current and current != "UTC" else []
    return [("", own), ("UTC", "UTC"), *unusual, *regions.items()]
