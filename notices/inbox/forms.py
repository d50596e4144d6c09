"""What people may set about their own account."""

import zoneinfo
from collections import defaultdict
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from audit.attribution import acting
from notices.models import Category
from notices.services.opting_out import do_without, opt_outs, optional_categories
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


class MailsForm(forms.Form):
    """Of which categories somebody is not mailed."""

    without = forms.ModelMultipleChoiceField(
        label=_("Do not mail me about"), queryset=Category.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data, label_suffix="", initial={"without": [opted.category_id for opted in opt_outs(user)]})
        self._user, self.fields["without"].queryset = user, optional_categories()

    def save(self) -> None:
        do_without(self._user, self.cleaned_data["without"])


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
