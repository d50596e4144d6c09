"""Files on their way in, when the disk is full: a refusal that a page can say, and not a failure before any page runs."""

from typing import Any

from django.core.files.uploadhandler import SkipFile, TemporaryFileUploadHandler
from django.http import HttpRequest


class FullDiskUploadHandler(TemporaryFileUploadHandler):
    """Leaves out a file that finds no room. The page that asked for it says so: `found_no_room`."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> Any:
        try:
            return super().receive_data_chunk(raw_data, start)
        except OSError as error:
            request: Any = self.request
            request.found_no_room = True
            raise SkipFile from error


def found_no_room(request: HttpRequest) -> bool:
    return getattr(request, "found_no_room", False)
