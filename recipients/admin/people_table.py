"""The table of the people behind an address: in numbers, and one page of them, each with the reasons."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from backoffice.admin.paginator import page_of, words_sought
from recipients.dtos import Address
from recipients.repositories import AudienceRepository

# Which part of the audience the table shows: key, title.
PARTS = (
    ("", gettext_lazy("Everyone")),
    ("overlapping", gettext_lazy("In more than once")),
    ("without_email", gettext_lazy("Without e-mail")),
    ("address_fails", gettext_lazy("Address does not work")),
    ("inactive", gettext_lazy("Left out")),
)


def people_table(request: HttpRequest, address: Address) -> dict[str, Any]:
    """What `recipients/admin/people_table.html` shows."""
    only = request.GET.get("only", "")
    only = only if only in dict(PARTS) else ""
    search = words_sought(request)
    summary = AudienceRepository.summary(address)
    page = page_of(request, AudienceRepository.people(address, only=only, search=search))
    numbers = {
        "": summary.total,
        "overlapping": summary.overlapping,
        "without_email": summary.without_email,
        "address_fails": summary.address_fails,
        "inactive": summary.inactive,
    }
    return {
        "summary": summary,
        "page": page,
        "members": AudienceRepository.explain(address, list(page.object_list), reader=request.user),
        "parts": [(key, title, numbers[key]) for key, title in PARTS],
        "only": only,
        "q": search,
    }
