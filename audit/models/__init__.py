from audit.models.access import AccessRecord
from audit.models.entry import Entry
from audit.models.epoch import Epoch
from audit.models.erasure import Erasure
from audit.models.list_export import ListExport
from audit.models.seal import Seal, SealFormat, SealPart, Verification

__all__ = ["AccessRecord", "Entry", "Epoch", "Erasure", "ListExport", "Seal", "SealFormat", "SealPart", "Verification"]
