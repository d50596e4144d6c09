"""The permission checks that no request of the matrix misses when they are gone: with the reason, or with what holds them."""
# ruff: noqa: E501

_KNOWN: dict[str, tuple[str, ...]] = {
    "nobody of the matrix may do the one without the other": (
        "audit/access_review/people.py told: visible(reader, 'view', model._default_manager.all())",
        "audit/pages/exports.py may_export: may_everywhere(user, 'export', Entry)",
        "audit/pages/exports.py may_export: may_everywhere(user, 'view', Entry)",
        "audit/pages/review.py _target_or_404: visible(request.user, 'view', model._default_manager.all())",
        "backoffice/admin/base.py PolicyMixin.formfield_for_foreignkey: choosable(request.user, db_field, related.get_queryset(request))",
        "notices/admin/approval.py _names: visible(reader, 'view', model._base_manager.filter(pk__in=ids))",
        "notices/admin/approvals.py handed_in_by: visible(user, 'view', Notice.objects.all())",
        "notices/services/restoring.py addressed_at: visible(actor, verb, model.objects.filter(pk__in=ids))",
        "notices/services/trash.py refuse_group_deletion: visible(actor, 'view', living)",
        "recipients/admin/forms.py RoleAssignmentForm._refuse_other_place: may(self.actor, 'manage_members', recipient)",
        "recipients/admin/people.py PersonAdmin.get_fieldsets: may_everywhere(request.user, 'view', RecipientGroup)",
        "recipients/admin/people.py PersonAdmin.get_readonly_fields: may_give_rights(request.user)",
        "recipients/admin/people.py RoleAssignmentInline._keeps: may_everywhere(request.user, 'manage_members', Recipient)",
        "recipients/admin/people.py RoleAssignmentInline._keeps: may_everywhere(request.user, verb, RoleAssignment)",
        "recipients/admin/people.py RoleAssignmentInline.has_view_permission: may_everywhere(request.user, 'view', RoleAssignment)",
        "recipients/admin/roles.py RoleAdmin.has_delete_permission: may_give_rights(request.user)",
        "recipients/repositories.py AudienceRepository.idle: visible(reader, 'view', Recipient.objects.filter(pk__in=address.recipient_ids, is_active=False))",
        "recipients/repositories.py AudienceRepository.idle: visible(reader, 'view', RecipientGroup.all_objects.deleted().filter(pk__in=address.group_ids))",
        "recipients/repositories.py _address_names: visible(reader, 'view', Recipient.objects.filter(pk__in=ids[RECIPIENT]))",
        "recipients/repositories.py _address_names: visible(reader, 'view', RecipientGroup.objects.filter(pk__in=ids[GROUP]))",
        "recipients/services/access.py may_change_person: may_give_rights(actor)",
        "recipients/services/access.py may_give_rights: may_everywhere(actor, 'change', User)",
    ),
    "it decides about a link or a sentence; what is behind it asks again": (
        "audit/pages/review.py find: may_everywhere(request.user, 'view', AccessRecord)",
        "audit/pages/review.py person: may_everywhere(request.user, 'view', AccessRecord)",
        "audit/pages/review.py thing: may_everywhere(request.user, 'view', AccessRecord)",
        "audit/pages/seals.py _standing: may_everywhere(request.user, 'start_epoch', Seal)",
        "audit/sentences/names.py _urls_of: visible(reader, 'view', model._default_manager.all())",
        "notices/admin/amend.py review: may(request.user, 'approve', notice)",
        "notices/admin/amend_buttons.py change_buttons: may(user, 'approve', notice)",
        "notices/admin/approval.py _parts: may(request.user, 'approve', notice)",
        "notices/admin/one_mail.py may_decide: may(user, 'publish', notice)",
        "notices/admin/tabs.py _exports: may(request.user, 'export', notice)",
        "notices/admin/trash.py TrashedNoticeAdmin.change_view: may(request.user, 'restore', notice)",
        "notices/admin/versions.py _steps: may(request.user, 'change', notice)",
        "recipients/admin/access_pages.py _back: sees_rights_of(request.user)",
        "recipients/admin/access_pages.py _opens: sees_rights_of(request.user)",
        "recipients/admin/member_pages.py people: may(request.user, 'export', obj)",
        "recipients/admin/holdings_page.py _decided_by: visible(user, GRANT, model._default_manager.filter(pk__in=pks))",
        "recipients/admin/people.py PersonAdmin.has_export_permission: may_somewhere(request.user, 'export', User)",
    ),
    "it protects nothing: it chooses a way, or whom to ask": (
        "recipients/admin/exports.py ExportedAssignments.rows: may_everywhere(asked.user, 'export', Recipient)",
        "notices/dashboard/sight.py Sight.__init__: may_everywhere(user, 'view', Notice)",
        "notices/services/approval_record.py approvers_to_ask: may(person, 'approve', notice)",
        "recipients/services/creators.py grant_to_creator: may_everywhere(actor, verb, model)",
    ),
}
# The page before it refuses. Tests that call the service itself fail without it, each of these: `taking_away` shows it.
HELD_BY: dict[str, tuple[str, ...]] = {
    "tests/audit/test_list_export_rows.py::test_places_leave_with_the_recipients_that_one_may_export": (
        "recipients/admin/exports.py ExportedAssignments.rows: visible(asked.user, 'export', Recipient.objects.all())",
    ),
    "tests/audit/test_list_exports_in_background.py::test_rights_on_some_rows_do_not_open_a_file_of_all": (
        "audit/exports/lists.py ExportedList.may_all: may_everywhere(user, verb, model)",
    ),
    "tests/audit/test_list_exports_in_background.py::test_what_one_may_not_see_is_not_named_among_the_filters": (
        "audit/exports/change_lists.py _word: visible(user, 'view', field.remote_field.model._default_manager.all())",
    ),
    "tests/audit/test_epochs.py::test_only_administrators_start_an_epoch": (
        "audit/seals/epochs.py start_epoch: require(actor, 'start_epoch', Seal)",
    ),
    "tests/notices/test_departments.py": (
        "notices/services/departments.py refuse_other_department: may_everywhere(actor, 'change', Notice)",
    ),
    "tests/notices/test_restoring.py::test_taking_back_needs_its_own_permission_and_the_change_of_this_very_notice": (
        "notices/services/restoring.py RestoringMixin.restore_fields: require(actor, 'restore_version', notice)",
    ),
    "tests/notices/amending/test_second_person.py::TestWhoDecides::test_it_waits_for_those_alone_who_may": (
        "notices/contributors.py changes_to_decide_by: visible(person, 'approve', Notice.objects.filter(status=Notice.Status.PUBLISHED))",
    ),
    "tests/notices/test_contract_services.py": (
        "notices/services/writing.py WritingMixin.create_notice: require(data.created_by, 'add', notice)",
    ),
    "tests/recipients/test_services.py": (
        "recipients/services/access.py require_change: may_change_person(actor, person)",
        "recipients/services/access.py require_rights_giver: may_give_rights(actor)",
        "recipients/services/organisation.py RecipientService.delete: require(actor, 'delete', recipient)",
        "recipients/services/organisation.py RoleAssignmentService.save: require(actor, 'manage_members', Recipient.objects.get(roleassignment=assignment.pk))",
        "recipients/services/organisation.py RoleAssignmentService.save: require(actor, 'manage_members', assignment.recipient)",
        "recipients/services/people.py PersonService.save_changes: require_change(actor, stored)",
        "recipients/services/people.py PersonService.set_roles: require_change(actor, stored)",
        "recipients/services/people.py PersonService.set_roles: require_rights_giver(actor)",
        "recipients/services/people.py _refuse_rights_beyond: require_rights_giver(actor)",
        "recipients/services/roles.py RoleService.delete: require(actor, 'delete', role)",
        "recipients/services/roles.py RoleService.delete: require_rights_giver(actor)",
    ),
    "tests/recipients/test_grants.py": (
        "recipients/services/grants.py _require_giver: may(actor, verb, target)",
        "recipients/services/grants.py _require_giver: may_give_rights(actor)",
        "recipients/services/grants.py grantable: may(actor, verb, target)",
        "recipients/services/grants.py grantable: may_give_rights(actor)",
        "recipients/services/grants.py may_revoke: may_give_rights(actor)",
    ),
    "tests/audit/test_erasure.py": (
        "recipients/services/leaving.py LeavingMixin.anonymise: require(actor, 'anonymise', person)",
        "recipients/services/leaving.py LeavingMixin.anonymise: require_change(actor, person)",
    ),
    "tests/recipients/signin/test_two_factor.py": (
        "recipients/services/people.py PersonService.reset_second_step: require_change(actor, person)",
    ),
    "tests/notices/bounces/test_taking.py::test_who_may_not_change_the_account_cannot_say_that_it_works": (
        "recipients/services/addresses.py AddressService.works_again: require_change(actor, person)",
    ),
    "tests/recipients/test_addresses.py": (
        "notices/dashboard/addresses.py people_to_mend: may_somewhere(user, 'change', User)",
        "notices/dashboard/addresses.py people_to_mend: visible(user, 'view', User.objects.active().whose_address_fails())",
        "recipients/admin/addresses.py AddressMixin.address_fields: may_change_person(request.user, person)",
    ),
    "tests/recipients/test_leavers.py::test_a_hold_is_for_those_who_may_erase_and_stops_them_too": (
        "recipients/services/people.py PersonService.save_changes: require(actor, 'anonymise', stored)",
    ),
    "tests/recipients/test_personal_data.py::test_only_who_may_gets_it_and_only_with_a_reason": (
        "recipients/services/personal_data.py PersonalDataMixin.export: require(actor, 'export', person)",
    ),
}

KNOWN = {check: reason for reasons in (_KNOWN, HELD_BY) for reason, checks in reasons.items() for check in checks}
