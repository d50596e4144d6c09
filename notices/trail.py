"""The words in which the trail tells the life of a notice."""

from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from audit.sentences import ANY, Words
from notices.models import (
    AmendedFile,
    Amendment,
    Approval,
    Attachment,
    Category,
    Favourite,
    MailOptOut,
    Notice,
    NoticeAdditionalRecipient,
    NoticeRecipient,
    NoticeRecipientGroup,
    NoticeRolePermission,
    NoticeUserPermission,
    ReadAcknowledgment,
    ReminderCall,
    SendingPause,
)
from recipients.trail import GRANTED_TO_A_PERSON, GRANTED_TO_A_ROLE, PUT_AWAY, WITH_THE_TRASH

STATES = {
    "published": _("published {thing}"),
    "scheduled": _("scheduled {thing} for {publish_at}"),
    "in_review": _("handed in {thing} for review"),
    "approved": _("approved {thing}"),
    "withdrawn": _("withdrew {thing}"),
    ("in_review", "draft"): _("returned {thing} to its author"),
    ("approved", "draft"): _("changed {thing} after its approval, so that it is a draft again"),
    ("scheduled", "approved"): _("took {thing} off the schedule; it stays approved"),
    ("scheduled", "draft"): _("took {thing} off the schedule"),
    "draft": _("made {thing} a draft again"),
}
WITH_THE_STATE = frozenset({"published_at", "withdrawn_at", "publish_at", "status_reason", "revision", "needs_approval"})
WITH_THE_ACKNOWLEDGEMENT = frozenset({"content_sha256"})
# What a right on one notice allows, after “let someone …”.
ALLOWED = {
    ANY: _("use the right {permission} on {content_object}"),
    "view_notice": _("see {content_object}"),
    "change_notice": _("change {content_object}"),
    "delete_notice": _("delete {content_object}"),
    "publish_notice": _("publish {content_object}"),
    "approve_notice": _("approve {content_object}"),
    "break_glass_notice": _("publish {content_object} without approval"),
    "export_notice": _("export {content_object}"),
    "grant_notice": _("decide who may do what to {content_object}"),
    "restore_notice": _("take {content_object} out of the trash"),
    "destroy_notice": _("destroy {content_object} for good"),
    "restore_version_notice": _("take back earlier versions of {content_object}"),
}

CHANGE_STATES = {
    "waiting": _("handed in {thing} for a second person to decide"),
    "applied": _("made {thing} ({kind}: {reason})"),
    "discarded": _("discarded {thing}"),
    ("waiting", "draft"): _("took {thing} back to be written on, or returned it for that"),
    "draft": _("opened {thing} again"),
}
WITH_THE_CHANGE = frozenset(
    {"kind", "reason", "by", "base_version", "decided_by", "decided_at", "decision_reason", "revision", "people", "acknowledged"}
    | {"content_before", "content_after", "summary"}
)

WORDS = {
    Notice: Words(
        name_fields=("title",),
        quoted=True,
        nameless=_("a notice that is no more"),
        deleted=_("destroyed {thing} for good"),
        verbs={"status": STATES, "is_deleted": PUT_AWAY, "bypassed_at": {ANY: _("did so without approval")}},
        fields={
            "content": _("text"),
            "start_date": _("start"),
            "end_date": _("end"),
            "due_date": _("day to acknowledge by"),
            "publish_at": _("moment of publication"),
        },
        following=WITH_THE_STATE | WITH_THE_TRASH,
    ),
    Category: Words(name_fields=("name",), created=_("created the category {thing}"), deleted=_("deleted the category {thing}")),
    Amendment: Words(
        name_fields=("number",),
        name=lambda row: str(_("change %(number)s")) % {"number": row.number},
        nameless=_("a change of a notice on show"),
        created=_("began {thing} of {notice}, which is on show"),
        deleted=_("deleted {thing} of {notice}"),
        created_many=_("began {count} changes of {notice}"),
        deleted_many=_("deleted {count} changes of {notice}"),
        verbs={"state": CHANGE_STATES},
        fields={"content": _("text"), "end_date": _("end"), "due_date": _("day to acknowledge by")},
        following=WITH_THE_CHANGE,
    ),
    AmendedFile: Words(
        name_fields=("name",),
        quoted=True,
        created=_("put {thing} into {amendment}, to be attached or taken off"),
        deleted=_("took {thing} out of {amendment}"),
        created_many=_("put {count} files into {amendment}, to be attached or taken off"),
        deleted_many=_("took {count} files out of {amendment}"),
    ),
    Approval: Words(
        created=_("put on record for {notice}: {decision}"),
        deleted=_("deleted a step of approval of {notice}"),
        created_many=_("put {count} steps of approval of {notice} on record"),
        deleted_many=_("deleted {count} steps of approval of {notice}"),
        own_name=_("a step of approval of {notice}"),
    ),
    SendingPause: Words(
        created=_("paused the mails about {notice}"),
        deleted=_("resumed the mails about {notice}"),
        created_many=_("paused the mails about {count} notices"),
        deleted_many=_("resumed the mails about {count} notices"),
        own_name=_("the pause of the mails about {notice}"),
    ),
    ReminderCall: Words(
        created=_("had people reminded of {notice}: {people}"),
        deleted=_("deleted the record that people were reminded of {notice}"),
        created_many=_("had people reminded of {count} notices"),
        deleted_many=_("deleted the record of {count} reminders"),
        own_name=_("a reminder of {notice} by hand"),
    ),
    Attachment: Words(
        name_fields=("name",),
        quoted=True,
        created=_("attached {thing} to {notice}"),
        deleted=_("took {thing} off {notice}"),
        created_many=_("attached {count} files to {notice}"),
        deleted_many=_("took {count} files off {notice}"),
    ),
    ReadAcknowledgment: Words(
        created=_("opened {notice}"),
        deleted=_("deleted the record that {user} opened {notice}"),
        person="user",
        by_another=Words(
            created=_("recorded that {user} opened {notice}"),
            deleted=_("deleted the record that {user} opened {notice}"),
            own_name=_("the record of {user} reading {notice}"),
            verbs={"acknowledged_at": {ANY: _("recorded that {user} acknowledged {notice}")}},
            following=WITH_THE_ACKNOWLEDGEMENT,
        ),
        created_many=_("recorded {count} readers of {notice}"),
        changed_many=_("changed what is recorded of {count} readers"),
        deleted_many=_("deleted the record of {count} readers of {notice}"),
        own_name=_("the record of {user} reading {notice}"),
        verbs={"acknowledged_at": {ANY: _("acknowledged {notice}")}},
        following=WITH_THE_ACKNOWLEDGEMENT,
        member="user",
    ),
    Favourite: Words(
        created=_("marked {notice} as a favourite"),
        deleted=_("took {notice} off the favourites"),
        person="user",
        by_another=Words(
            created=_("marked {notice} as a favourite of {user}"),
            deleted=_("took {notice} off the favourites of {user}"),
        ),
        created_many=_("marked {notice} as a favourite of {count} people"),
        deleted_many=_("took {notice} off the favourites of {count} people"),
        member="user",
    ),
    MailOptOut: Words(
        created=_("chose to do without mails about notices of the category {category}"),
        deleted=_("chose to be mailed about notices of the category {category} again"),
        person="user",
        by_another=Words(
            created=_("set that {user} does without mails about notices of the category {category}"),
            deleted=_("set that {user} is mailed about notices of the category {category} again"),
        ),
        created_many=_("chose to do without mails about notices of {count} categories"),
        deleted_many=_("chose to be mailed about notices of {count} categories again"),
        own_name=_("the choice of {user} about mails of the category {category}"),
    ),
    NoticeRecipient: Words(
        created=_("added {recipient} to the audience of {notice}"),
        deleted=_("removed {recipient} from the audience of {notice}"),
        created_many=_("added {count} recipients to the audience of {notice}"),
        deleted_many=_("removed {count} recipients from the audience of {notice}"),
        member="recipient",
    ),
    NoticeRecipientGroup: Words(
        created=_("added the group {recipient_group} to the audience of {notice}"),
        deleted=_("removed the group {recipient_group} from the audience of {notice}"),
        created_many=_("added {count} groups to the audience of {notice}"),
        deleted_many=_("removed {count} groups from the audience of {notice}"),
        member="recipient_group",
    ),
    NoticeAdditionalRecipient: Words(
        created=_("added {user} to the audience of {notice}"),
        deleted=_("removed {user} from the audience of {notice}"),
        created_many=_("added {count} people to the audience of {notice}"),
        deleted_many=_("removed {count} people from the audience of {notice}"),
        member="user",
    ),
    NoticeUserPermission: replace(GRANTED_TO_A_PERSON, acts=ALLOWED, plural=_("rights of people on notices")),
    NoticeRolePermission: replace(GRANTED_TO_A_ROLE, acts=ALLOWED, plural=_("rights of roles on notices")),
}
