"""An attachment as an answer: always a download, and nothing in it runs should a browser show it all the same."""

import logging

from django.http import FileResponse

from notices.models import AmendedFile, Attachment

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}
logger = logging.getLogger(__name__)


def download(attachment: Attachment | AmendedFile) -> FileResponse | None:
    """Whoever may have it was asked before. None: its file is missing."""
    try:
        content = attachment.file.open("rb")
    except FileNotFoundError:
        logger.exception("The file of attachment %s is missing.", attachment.pk)
        return None
    content_type = attachment.content_type or "application/octet-stream"
    return FileResponse(content, as_attachment=True, filename=attachment.name, content_type=content_type, headers=HEADERS)
