"""The access records as a file."""

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.access import LABELS
from audit.exports.lists import Asked, ExportedList, FilterError, labelled_words
from audit.models import AccessRecord, Entry
from audit.pages.access import ACCESS_RECORDS, AccessForm, records_of
from audit.resources import AccessRecordResource


class ExportedAccessRecords(ExportedList):
    """They are a part of the trail, so who may export the trail may export them."""

    name, title, resource = ACCESS_RECORDS, gettext_lazy("Who looked"), AccessRecordResource
    asks = (("export", Entry),)
    sees_too = (AccessRecord,)
    page = "access records"

    def shown(self, asked: Asked) -> QuerySet:
        form = AccessForm(asked.query)
        if not form.is_valid():
            raise FilterError(_("The list cannot be narrowed as the address asks. Choose the filters on the page again."))
        return records_of(form)

    def words(self, asked: Asked) -> str:
        return labelled_words(asked.query, {name: (title, {}) for name, title in LABELS.items()})

    def url(self, object_id: int | None) -> str:
        return reverse("admin:audit_access")
