"""Times for people: relative while they are near, with the exact moment and zone on hover."""

from datetime import datetime, timedelta

from django import template
from django.contrib.humanize.templatetags.humanize import naturaltime
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from backoffice import clock

register = template.Library()
NEAR = timedelta(days=2)


@register.simple_tag
def moment(value: datetime | None) -> SafeString | str:
    """`{% moment notice.published_at %}`; a dash when there is none."""
    if value is None:
        return "—"
    local = timezone.localtime(value)
    near = abs(clock.now() - value) < NEAR
    text = naturaltime(value) if near else date_format(local, "DATETIME_FORMAT")
    exact = f"{date_format(local, 'j F Y, H:i:s')} {local.tzname()}"
    return format_html('<time datetime="{}" title="{}">{}</time>', local.isoformat(), exact, text)
