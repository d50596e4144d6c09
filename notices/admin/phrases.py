"""Numbers of people in words."""

from django.utils.translation import ngettext

from notices.models import Notice
from notices.services.opting_out import number_declined
from recipients.dtos import AudienceSummary


def people_phrase(count: int) -> str:
    return ngettext("%(count)d person", "%(count)d people", count) % {"count": count}


def not_mailed(notice: Notice, audience: AudienceSummary) -> list[str]:
    """How many are not mailed about it, and why, in sentences."""
    sentences = []
    if audience.without_email:
        text = ngettext(
            "%(count)d has no e-mail address and finds it in the inbox; the others are mailed too.",
            "%(count)d have no e-mail address and find it in the inbox; the others are mailed too.",
            audience.without_email,
        )
        sentences.append(text % {"count": audience.without_email})
    if audience.address_fails:
        text = ngettext(
            "Mail to %(count)d comes back: none is sent there until the address is corrected. The notice is in the inbox.",
            "Mail to %(count)d comes back: none is sent there until the addresses are corrected. The notice is in the inbox.",
            audience.address_fails,
        )
        sentences.append(text % {"count": audience.address_fails})
    if number := number_declined(notice):
        text = ngettext(
            "%(count)d does without mails about “%(category)s” and finds it in the inbox.",
            "%(count)d do without mails about “%(category)s” and find it in the inbox.",
            number,
        )
        sentences.append(text % {"count": number, "category": notice.category})
    return sentences


def told_by_mail(notice: Notice, audience: AudienceSummary) -> list[str]:
    """What the numbers behind the audience mean, in sentences."""
    sentences = not_mailed(notice, audience)
    if audience.overlapping:
        text = ngettext(
            "%(count)d is reached in more than one way and told once.",
            "%(count)d are reached in more than one way and told once.",
            audience.overlapping,
        )
        sentences.append(text % {"count": audience.overlapping})
    if audience.inactive:
        text = ngettext(
            "%(count)d is left out: the account is inactive.", "%(count)d are left out: their accounts are inactive.", audience.inactive
        )
        sentences.append(text % {"count": audience.inactive})
    return sentences
