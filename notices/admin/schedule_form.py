"""The form that asks for a moment: a day and a time where its author is, understood as one moment or asked about."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminSingleDateWidget, UnfoldAdminSingleTimeWidget

from backoffice import clock
from notices.wording import moment_in_both_zones

FARTHEST = timedelta(days=5 * 366)  # nobody plans a notice for longer; the end of the calendar has no zones


class ScheduleForm(forms.Form):
    """A day and a time in the zone of the person who chooses them, as one moment `publish_at`.

    A time that the clocks skip is refused, one that they show twice is asked about; and if it is another time where the
    organisation is, that one is shown first, and taken once it was seen.
    """

    day = forms.DateField(label=gettext_lazy("Day"), widget=UnfoldAdminSingleDateWidget)
    time = forms.TimeField(label=gettext_lazy("Time"), widget=UnfoldAdminSingleTimeWidget)
    seen_as = forms.CharField(required=False, widget=forms.HiddenInput)  # the moment that was shown in both zones

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time"].help_text = _zones()

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if "day" in data and data["day"] > clock.today() + FARTHEST:
            self.add_error("day", _("That is more than five years away. Choose an earlier day."))
        elif "day" in data and "time" in data:
            moment = self._moment(datetime.combine(data["day"], data["time"]))
            if moment is not None and self._was_seen(moment, data):
                data["publish_at"] = moment
        return data

    def _moment(self, wanted: datetime) -> datetime | None:
        first, second = _readings(wanted)
        if first == second:
            return first
        if first > second:  # of a time that is skipped, the first reading is by the clock before
            self.add_error("time", _skipped(wanted, first))
            return None
        return self._which(first, second)

    def _which(self, first: datetime, second: datetime) -> datetime | None:
        """The clocks go back, so the time comes twice: it has to be said which of the two is meant."""
        choices = {"first": first, "second": second}
        words = {"first": _("the first time: %(moment)s"), "second": _("the second time: %(moment)s")}
        options = [(name, words[name] % {"moment": _with_offset(moment)}) for name, moment in choices.items()]
        self.fields["which"] = forms.ChoiceField(
            label=_("Which of the two"), required=False, choices=[("", "—"), *options], widget=UnfoldAdminSelectWidget
        )
        chosen = choices.get(self.data.get("which", ""))
        if chosen is None:
            self.add_error("time", _("The clocks go back that day, and this time comes twice. Say below which one you mean."))
        return chosen

    def _was_seen(self, moment: datetime, data: dict[str, Any]) -> bool:
        has_passed = moment <= clock.now()  # the service refuses it
        if has_passed or not _is_another_time(moment) or data.get("seen_as") == moment.isoformat():
            return True
        shown: Any = self.data.copy()
        shown["seen_as"] = moment.isoformat()
        self.data = shown
        asked = _("That is %(moment)s. If you mean that, press the button once more.") % {"moment": moment_in_both_zones(moment)}
        self.add_error("time", asked)
        return False


def _readings(wanted: datetime) -> tuple[datetime, datetime]:
    """What a time on the clock may mean, in UTC: two moments where the clocks change, else one and the same."""
    zone = timezone.get_current_timezone()
    try:
        first, second = (wanted.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    except OverflowError:  # before the first moment that can be written, or after the last
        first = second = wanted.replace(tzinfo=UTC)
    return first, second


def _skipped(wanted: datetime, moment: datetime) -> str:
    return _("The clocks go forward that day, and %(wanted)s does not come. Choose %(instead)s, or another time.") % {
        "wanted": date_format(wanted, "H:i"),
        "instead": date_format(timezone.localtime(moment), "H:i"),
    }


def _with_offset(moment: datetime) -> str:
    local = timezone.localtime(moment)
    return f"{date_format(local, 'H:i')} {local:%Z}, UTC{local:%:z}"


def _is_another_time(moment: datetime) -> bool:
    """Where the organisation is, the clocks show another one."""
    return timezone.localtime(moment).utcoffset() != timezone.localtime(moment, timezone.get_default_timezone()).utcoffset()


def _zones() -> str:
    zone, now = timezone.get_current_timezone_name(), clock.now()
    if not _is_another_time(now):
        return _("In the time zone %(zone)s.") % {"zone": zone}
    return _("In your time zone, %(zone)s. When it is %(here)s there, it is %(there)s in %(organisation)s, where the organisation is.") % {
        "zone": zone,
        "here": date_format(timezone.localtime(now), "H:i"),
        "there": date_format(timezone.localtime(now, timezone.get_default_timezone()), "H:i"),
        "organisation": timezone.get_default_timezone_name(),
    }
