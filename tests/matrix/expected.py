"""The tables: for each surface the letters (`tests.matrix.people`) of those who may.

A capital means every object, a small letter the person's own alone: what was granted, or their department's.
Whoever is not named gets a refusal, and nothing changes. Reviewed by hand, line by line; a new address fails until it stands here.
"""

from collections.abc import Mapping

# Answers a GET with a page. What redirects, answers POST alone, or needs something in its query opens for nobody here.
_OPENS = {
    "": """
        admin:audit_entry_add
        admin:audit_entry_delete
        admin:audit_entry_history
        admin:audit_entry_history_as_of
        admin:audit_entry_history_compare
        admin:audit_export
        admin:audit_history_compare
        admin:audit_review_export
        admin:audit_seals_start_epoch
        admin:audit_seals_verify
        admin:auth_group_history_compare
        admin:autocomplete
        admin:export_access_records
        admin:export_audience
        admin:export_categories
        admin:export_deleted_groups
        admin:export_delivery
        admin:export_group_members
        admin:export_group_people
        admin:export_groups
        admin:export_imports
        admin:export_notices
        admin:export_people
        admin:export_people_and_places
        admin:export_places
        admin:export_readers
        admin:export_recipient_people
        admin:export_recipients
        admin:export_roles
        admin:export_submitted_for_approval
        admin:export_trash
        admin:export_waiting_for_approval
        admin:exports_file
        admin:exports_stop
        admin:login
        admin:notices_category_history_compare
        admin:notices_notice_delete
        admin:notices_notice_difference
        admin:notices_notice_history_compare
        admin:notices_trashednotice_add
        admin:notices_trashednotice_change
        admin:notices_trashednotice_delete
        admin:notices_trashednotice_history_compare
        admin:recipients_import_again
        admin:recipients_import_answer
        admin:recipients_import_confirm
        admin:recipients_import_delete
        admin:recipients_import_history_compare
        admin:recipients_import_leave_out
        admin:recipients_import_mend
        admin:recipients_import_stop
        admin:recipients_import_undo
        admin:recipients_recipient_history_compare
        admin:recipients_recipientgroup_history_compare
        admin:recipients_roleassignment_history_compare
        admin:recipients_user_delete
        admin:recipients_user_history_compare
        admin:search
        admin:view_on_site
        home
        inbox:acknowledge
        inbox:favourite
        inbox:login
        inbox:opened
        sessions_end
        sessions_end_everywhere
        sessions_end_others
        sign_in_code
        sso
        sso_back
        two_factor_codes
        two_factor_off
    """,
    "r": """
        inbox:attachment
        inbox:notice
    """,
    "IN": """
        login
    """,
    "UG": """
        admin:auth_group_add
        admin:auth_group_delete
        admin:notices_category_add
        admin:notices_category_delete
        admin:notices_notice_access_revoke
        admin:notices_notice_act:destroy
        admin:notices_notice_act:publish-without-approval
        admin:recipients_recipient_access_revoke
        admin:recipients_recipientgroup_access_revoke
        admin:recipients_user_anonymise
        admin:recipients_user_export
        admin:today_health
    """,
    "UGC": """
        admin:audit_access
        admin:audit_entry_change
        admin:audit_entry_changelist
        admin:audit_review
        admin:audit_review_person
        admin:audit_review_thing
        admin:audit_seals
        admin:audit_seals_verifications
        admin:auth_group_change
        admin:auth_group_changelist
        admin:auth_group_grants
        admin:auth_group_history
        admin:auth_group_history_as_of
        admin:notices_notice_access
        admin:recipients_recipient_access
        admin:recipients_recipientgroup_access
        admin:recipients_user_grants
    """,
    "UGF": """
        admin:auth_user_password_change
        admin:recipients_import_add
        admin:recipients_import_example
        admin:recipients_recipient_add
        admin:recipients_recipient_delete
        admin:recipients_recipientgroup_add
        admin:recipients_recipientgroup_delete
        admin:recipients_recipientgroup_restore
        admin:recipients_roleassignment_add
        admin:recipients_roleassignment_delete
        admin:recipients_user_add
        admin:recipients_user_address_works
        admin:recipients_user_second_step
    """,
    "UGFC": """
        admin:recipients_import_change
        admin:recipients_import_changelist
        admin:recipients_import_failing
        admin:recipients_import_file
        admin:recipients_import_history
        admin:recipients_import_history_as_of
        admin:recipients_import_progress
        admin:recipients_import_rows
    """,
    "UGP": """
        admin:notices_notice_act:approve
        admin:notices_notice_act:lift-approval
        admin:notices_notice_act:reject
        admin:notices_notice_act:return
    """,
    "UGAP": """
        admin:notices_notice_mail_again
        admin:notices_notice_mail_arrived
        admin:notices_notice_mail_remind
    """,
    "UGAd": """
        admin:notices_notice_new_draft
        admin:notices_notice_take_back
    """,
    "UGAPC": """
        admin:notices_category_change
        admin:notices_category_changelist
        admin:notices_category_history
        admin:notices_category_history_as_of
    """,
    "UGAWD": """
        admin:notices_notice_add
    """,
    "UGAod": """
        admin:notices_notice_amend
        admin:notices_notice_act:restore
        admin:notices_notice_act:submit
        admin:notices_notice_act:trash
        admin:notices_notice_readdress
    """,
    "UGAPFC": """
        admin:recipients_recipient_people
        admin:recipients_recipientgroup_people
        admin:recipients_roleassignment_change
        admin:recipients_roleassignment_changelist
        admin:recipients_roleassignment_history
        admin:recipients_roleassignment_history_as_of
        admin:recipients_user_change
        admin:recipients_user_changelist
        admin:recipients_user_history
        admin:recipients_user_history_as_of
    """,
    "UGAPFCD": """
        admin:exports
        admin:exports_under_way
    """,
    "UGAPOD": """
        admin:notices_approvals
    """,
    "UGAPod": """
        admin:notices_notice_act:cancel-mails
        admin:notices_notice_act:cancel-schedule
        admin:notices_notice_act:pause
        admin:notices_notice_act:publish
        admin:notices_notice_act:remind
        admin:notices_notice_act:reschedule
        admin:notices_notice_act:resume
        admin:notices_notice_act:schedule
        admin:notices_notice_act:send-again
        admin:notices_notice_act:send-unknown-again
        admin:notices_notice_act:take-as-arrived
        admin:notices_notice_act:withdraw
    """,
    "UGAPFCO": """
        admin:recipients_recipientgroup_changelist
        admin:recipients_recipientgroup_trash
    """,
    "UGAPFCo": """
        admin:recipients_recipientgroup_change
        admin:recipients_recipientgroup_history
        admin:recipients_recipientgroup_history_as_of
    """,
    "UGAPCVOD": """
        admin:app_list
        admin:notices_notice_changelist
        admin:notices_trashednotice_changelist
        admin:today_progress
    """,
    "UGAPCVod": """
        admin:audit_history
        admin:audit_history_as_of
        admin:notices_notice_amend_file
        admin:notices_notice_amend_review
        admin:notices_notice_approval
        admin:notices_notice_attachment
        admin:notices_notice_audience
        admin:notices_notice_change
        admin:notices_notice_delivery
        admin:notices_notice_figures
        admin:notices_notice_history
        admin:notices_notice_history_as_of
        admin:notices_notice_readers
        admin:notices_trashednotice_history
        admin:notices_trashednotice_history_as_of
    """,
    "UGAPFCOD": """
        admin:recipients_recipient_changelist
    """,
    "UGAPFCod": """
        admin:recipients_recipient_change
        admin:recipients_recipient_history
        admin:recipients_recipient_history_as_of
    """,
    "UGAPFCVWODB": """
        admin:index
        admin:jsi18n
        admin:password_change
        admin:password_change_done
    """,
    "UGAPFCVWODBR": """
        inbox:account
        inbox:index
        inbox:password_change
        inbox:password_change_done
        sessions
        sessions_everywhere
        two_factor
        two_factor_set_up
    """,
    "UGAPFCVWODBRIN": """
        password_reset
        password_reset_complete
        password_reset_confirm
        password_reset_done
    """,
}
# Changes rows when the page's own form, filled in, is sent to it.
_WRITES = {
    "U": """
        admin:recipients_import_again
    """,
    "UG": """
        admin:auth_group_add
        admin:auth_group_change
        admin:auth_group_delete
        admin:notices_category_add
        admin:notices_category_change
        admin:notices_category_delete
        admin:notices_notice_access
        admin:notices_notice_access_revoke
        admin:notices_notice_act:destroy
        admin:recipients_recipient_access
        admin:recipients_recipient_access_revoke
        admin:recipients_recipientgroup_access
        admin:recipients_recipientgroup_access_revoke
    """,
    "UGC": """
        admin:audit_seals_verify
    """,
    "UGF": """
        admin:auth_user_password_change
        admin:recipients_recipient_add
        admin:recipients_recipientgroup_add
        admin:recipients_recipientgroup_restore
        admin:recipients_roleassignment_change
        admin:recipients_roleassignment_delete
        admin:recipients_user_add
        admin:recipients_user_address_works
        admin:recipients_user_change
    """,
    "UGP": """
        admin:notices_notice_act:approve
        admin:notices_notice_act:reject
        admin:notices_notice_act:return
    """,
    "UGAW": """
        admin:notices_notice_add
    """,
    "UGAd": """
        admin:notices_notice_new_draft
    """,
    "UGAo": """
        admin:notices_notice_act:submit
    """,
    "UGFo": """
        admin:recipients_recipient_change
        admin:recipients_recipientgroup_change
    """,
    "UGAPo": """
        admin:notices_notice_act:publish
        admin:notices_notice_act:reschedule
        admin:notices_notice_act:schedule
    """,
    "UGAod": """
        admin:notices_notice_amend
        admin:notices_notice_amend_review
        admin:notices_notice_act:restore
        admin:notices_notice_act:trash
        admin:notices_notice_change
    """,
    "UGAP": """
        admin:notices_notice_mail_again
        admin:notices_notice_mail_arrived
        admin:notices_notice_mail_remind
    """,
    "UGAPod": """
        admin:notices_notice_act:cancel-mails
        admin:notices_notice_act:cancel-schedule
        admin:notices_notice_act:pause
        admin:notices_notice_act:remind
        admin:notices_notice_act:resume
        admin:notices_notice_act:send-unknown-again
        admin:notices_notice_act:take-as-arrived
        admin:notices_notice_act:withdraw
    """,
}
# Who may come across what is marked, anywhere: on pages, in files, in headers, in refusals.
SEES = {
    "otherbinned": "UGAPFC",
    "othercategory": "UGAPFCVWODBR",
    "otherdraft": "UGAPCV",
    "otherfile": "UGAPCV",
    "othergroup": "UGAPFC",
    "otherimport": "UGFC",
    "otherperson": "UGAPFC",
    "otherpublished": "UGAPCV",
    "otherrecipient": "UGAPFCV",
    "otherreview": "UGAPCV",
    "otherrole": "UGC",
    "otherscheduled": "UGAPCV",
    "othertrash": "UGAPCV",
    "otherwithdrawn": "UGAPCV",
    "ownbinned": "UGAPFCO",
    "owncategory": "UGAPFCVWODBR",
    "owndraft": "UGAPCVOD",
    "ownfile": "UGAPCVODR",
    "owngroup": "UGAPFCO",
    "ownimport": "UGFC",
    "ownperson": "UGAPFCR",
    "ownpublished": "UGAPCVODR",
    "ownrecipient": "UGAPFCVOD",
    "ownreview": "UGAPCVOD",
    "ownrole": "UGC",
    "ownscheduled": "UGAPCVOD",
    "owntrash": "UGAPCVOD",
    "ownwithdrawn": "UGAPCVOD",
}


def _by_surface(table: Mapping[str, str]) -> dict[str, str]:
    return {name: who for who, names in table.items() for name in names.split()}


OPENS, WRITES = _by_surface(_OPENS), _by_surface(_WRITES)


def surfaces_for(letter: str, scope: str, table: Mapping[str, str]) -> set[str]:
    return {name for name, who in table.items() if letter in who or (scope == "own" and letter.lower() in who)}
