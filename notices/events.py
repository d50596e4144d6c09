"""Business events, sent after commit. Receivers are side effects and may be lost: nothing correct hangs on them."""

from django.dispatch import Signal

notice_published = Signal()  # notice_id
mails_wait = Signal()  # notice_id: somebody decided that mails about it go on, or go again
reminders_wait = Signal()  # somebody had people reminded by hand
notice_withdrawn = Signal()  # notice_id
audience_changed = Signal()  # notice_id: of one that is on show
approval_recorded = Signal()  # approval_id: somebody is to be mailed about it
