"""Business events, sent after commit. Receivers are side effects and may be lost: nothing correct hangs on them."""

from django.dispatch import Signal

import_work_asked = Signal()  # job: the kind of work, import_id
import_ended = Signal()  # import_id: whoever uploaded it may want to know
