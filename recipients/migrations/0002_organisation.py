"""Where people belong, rights on it, imports of it, addresses that fail, and the histories, which point at the trail."""

from django.conf import settings
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.contrib.postgres.indexes import GinIndex
from django.db import migrations, models
from django.db.models import F, Q
from django.utils import timezone

from audit.migrations._tables import Together, history, key
from audit.models.fields import NextValue, words
from recipients.models.imports import stored_name
from recipients.models.people import validate_time_zone

CAUSES = [("refused", "Refused for good"), ("repeated", "Came back several times in a row")]
IMPORT_KINDS = [
    ("memberships", "Group memberships"),
    ("groups", "Groups"),
    ("recipients", "Recipients"),
    ("people", "People and where they belong"),
]
IMPORT_MODES = [("add", "Add"), ("update", "Add and update"), ("replace", "Replace")]
IMPORT_STATES = [
    ("reading", "Being read"),
    ("unreadable", "Cannot be read"),
    ("checked", "Ready to look at"),
    ("applying", "Being imported"),
    ("done", "Imported"),
    ("undoing", "Being undone"),
    ("undone", "Undone"),
    ("stopped", "Stopped"),
    ("failed", "Failed"),
]
RECIPIENT_KINDS = [("department", "Department"), ("site", "Site"), ("role", "Role"), ("team", "Team")]
FORGET = """
    CREATE FUNCTION recipients_forget_address_problem() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        DELETE FROM recipients_addressproblem WHERE person_id = NEW.id;
        RETURN NULL;
    END $$
"""
ON_CHANGED_ADDRESS = """
    CREATE TRIGGER forget_address_problem AFTER UPDATE OF email ON recipients_user
    FOR EACH ROW WHEN (lower(OLD.email) IS DISTINCT FROM lower(NEW.email)) EXECUTE FUNCTION recipients_forget_address_problem()
"""

TABLES = [
    history(
        "HistoricalGroup",
        ("group", "groups"),
        id_field=models.IntegerField,
        columns={"name": models.CharField(max_length=150, verbose_name="name")},
        keys={},
        indexes={
            "newest": "recipients__history_547d8d_idx",
            "stamp": "recipients__history_ba15c3_idx",
            "id": "recipients__id_d9b28a_idx",
        },
        searched=GinIndex(words("name"), name="group_names_then"),
    ),
    history(
        "HistoricalGroup_permissions",
        ("group-permission relationship", "group-permission relationships"),
        id_field=models.IntegerField,
        keys={"group": key("auth.group", db_tablespace=""), "permission": key("auth.permission", db_tablespace="")},
        indexes={
            "newest": "recipients__history_6a7057_idx",
            "stamp": "recipients__history_e3527c_idx",
            "id": "recipients__id_c2d3c5_idx",
            "group": "recipients__group_i_40f472_idx",
        },
    ),
    history(
        "HistoricalGroupObjectPermission",
        ("group object permission", "group object permissions"),
        id_field=models.IntegerField,
        columns={"object_pk": models.CharField(max_length=255, verbose_name="object ID")},
        keys={"content_type": key("contenttypes.contenttype"), "group": key("auth.group"), "permission": key("auth.permission")},
        indexes={
            "newest": "recipients__history_0e0348_idx",
            "stamp": "recipients__history_1bb584_idx",
            "id": "recipients__id_56f1b6_idx",
            "group": "recipients__group_i_27142f_idx",
        },
    ),
    history(
        "HistoricalUser",
        ("person", "people"),
        columns={
            "is_superuser": models.BooleanField(
                default=False,
                help_text="Designates that this user has all permissions without explicitly assigning them.",
                verbose_name="superuser status",
            ),
            "username": models.CharField(
                error_messages={"unique": "A user with that username already exists."},
                help_text="Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.",
                max_length=150,
                validators=[UnicodeUsernameValidator()],
                verbose_name="username",
            ),
            "first_name": models.CharField(blank=True, max_length=150, verbose_name="first name"),
            "last_name": models.CharField(blank=True, max_length=150, verbose_name="last name"),
            "email": models.EmailField(blank=True, max_length=254, verbose_name="email address"),
            "is_staff": models.BooleanField(
                default=False, help_text="Designates whether the user can log into this admin site.", verbose_name="staff status"
            ),
            "is_active": models.BooleanField(
                default=True,
                help_text="Designates whether this user should be treated as active. Unselect this instead of deleting accounts.",
                verbose_name="active",
            ),
            "date_joined": models.DateTimeField(default=timezone.now, verbose_name="date joined"),  # noqa: TID251 - Django's own
            "employee_number": models.CharField(blank=True, max_length=32, null=True, verbose_name="employee number"),
            "job_title": models.CharField(blank=True, max_length=120, verbose_name="job title"),
            "password_changed_at": models.DateTimeField(blank=True, null=True, verbose_name="password set"),
            "time_zone": models.CharField(
                blank=True,
                help_text="Such as “Europe/London”. Empty: the organisation's own.",
                max_length=64,
                validators=[validate_time_zone],
                verbose_name="time zone",
            ),
            "history_salt": models.UUIDField(null=True),
            "history_commitment": models.BinaryField(),
            "on_hold": models.BooleanField(
                default=False,
                help_text="While a dispute or an audit runs: who this person was is not erased.",
                verbose_name="identity on hold",
            ),
        },
        keys={},
        indexes={
            "newest": "recipients__history_eebe08_idx",
            "stamp": "recipients__history_eb582e_idx",
            "id": "recipients__id_9d75cf_idx",
        },
        searched=GinIndex(words("first_name", "last_name", "username", "email", "employee_number"), name="user_names_then"),
    ),
    history(
        "HistoricalUser_groups",
        ("user-group relationship", "user-group relationships"),
        keys={"group": key("auth.group", db_tablespace=""), "user": key(settings.AUTH_USER_MODEL, db_tablespace="")},
        indexes={
            "newest": "recipients__history_e5cf07_idx",
            "stamp": "recipients__history_fce2f7_idx",
            "id": "recipients__id_7534cd_idx",
            "user": "recipients__user_id_ebf74c_idx",
            "group": "recipients__group_i_132ecf_idx",
        },
    ),
    history(
        "HistoricalUser_user_permissions",
        ("user-permission relationship", "user-permission relationships"),
        keys={"permission": key("auth.permission", db_tablespace=""), "user": key(settings.AUTH_USER_MODEL, db_tablespace="")},
        indexes={
            "newest": "recipients__history_95a8d8_idx",
            "stamp": "recipients__history_14eccf_idx",
            "id": "recipients__id_c538b5_idx",
            "user": "recipients__user_id_e787dc_idx",
        },
    ),
    history(
        "HistoricalUserObjectPermission",
        ("user object permission", "user object permissions"),
        id_field=models.IntegerField,
        columns={"object_pk": models.CharField(max_length=255, verbose_name="object ID")},
        keys={
            "content_type": key("contenttypes.contenttype"),
            "permission": key("auth.permission"),
            "user": key(settings.AUTH_USER_MODEL),
        },
        indexes={
            "newest": "recipients__history_84a0dc_idx",
            "stamp": "recipients__history_79294d_idx",
            "id": "recipients__id_83a91c_idx",
            "user": "recipients__user_id_7cf266_idx",
        },
    ),
    migrations.CreateModel(
        name="Recipient",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
            ("modified_at", models.DateTimeField(auto_now=True, verbose_name="changed")),
            ("code", models.CharField(max_length=64, unique=True, verbose_name="code")),
            ("name", models.CharField(max_length=200, verbose_name="name")),
            ("kind", models.CharField(choices=RECIPIENT_KINDS, default="department", max_length=16, verbose_name="kind")),
            (
                "email",
                models.EmailField(
                    blank=True,
                    help_text="A shared mailbox, if there is one. For information only.",
                    max_length=254,
                    verbose_name="e-mail",
                ),
            ),
            ("is_active", models.BooleanField(default=True, help_text="An inactive entity addresses nobody.", verbose_name="active")),
        ],
        options={
            "verbose_name": "recipient",
            "verbose_name_plural": "recipients",
            "ordering": ("name", "id"),
            "constraints": [
                models.CheckConstraint(condition=Q(kind__in=["department", "site", "role", "team"]), name="recipient_kind_is_known")
            ],
            "permissions": [
                ("address_recipient", "Can send notices to recipients"),
                ("manage_members_recipient", "Can decide who belongs to recipients"),
                ("author_recipient", "Can write notices of departments"),
                ("publish_recipient", "Can publish notices of departments"),
                ("export_recipient", "Can export recipients"),
                ("grant_recipient", "Can decide who may do what with recipients"),
            ],
        },
    ),
    history(
        "HistoricalRecipient",
        ("recipient", "recipients"),
        columns={
            "created_at": models.DateTimeField(blank=True, editable=False, verbose_name="created"),
            "modified_at": models.DateTimeField(blank=True, editable=False, verbose_name="changed"),
            "code": models.CharField(max_length=64, verbose_name="code"),
            "name": models.CharField(max_length=200, verbose_name="name"),
            "kind": models.CharField(choices=RECIPIENT_KINDS, default="department", max_length=16, verbose_name="kind"),
            "email": models.EmailField(
                blank=True, help_text="A shared mailbox, if there is one. For information only.", max_length=254, verbose_name="e-mail"
            ),
            "is_active": models.BooleanField(default=True, help_text="An inactive entity addresses nobody.", verbose_name="active"),
        },
        keys={},
        indexes={
            "newest": "recipients__history_1f421a_idx",
            "stamp": "recipients__history_b7d7df_idx",
            "id": "recipients__id_b433d2_idx",
        },
        searched=GinIndex(words("name", "code"), name="recipient_names_then"),
    ),
    migrations.CreateModel(
        name="RecipientGroup",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
            ("modified_at", models.DateTimeField(auto_now=True, verbose_name="changed")),
            ("is_deleted", models.BooleanField(default=False, verbose_name="in the trash")),
            ("deleted_at", models.DateTimeField(blank=True, null=True, verbose_name="deleted")),
            ("code", models.CharField(max_length=64, verbose_name="code")),
            ("name", models.CharField(max_length=200, verbose_name="name")),
            ("description", models.TextField(blank=True, verbose_name="description")),
            (
                "created_by",
                models.ForeignKey(
                    settings.AUTH_USER_MODEL, models.PROTECT, blank=True, null=True, related_name="+", verbose_name="created by"
                ),
            ),
            (
                "deleted_by",
                models.ForeignKey(
                    settings.AUTH_USER_MODEL, models.PROTECT, blank=True, null=True, related_name="+", verbose_name="deleted by"
                ),
            ),
            (
                "modified_by",
                models.ForeignKey(
                    settings.AUTH_USER_MODEL, models.PROTECT, blank=True, null=True, related_name="+", verbose_name="changed by"
                ),
            ),
        ],
        options={
            "verbose_name": "recipient group",
            "verbose_name_plural": "recipient groups",
            "ordering": ("name", "id"),
            "constraints": [
                models.UniqueConstraint(
                    condition=Q(is_deleted=False),
                    fields=("code",),
                    name="unique_group_code_among_the_living",
                    violation_error_message="Another group has this code. Choose a different one.",
                )
            ],
            "permissions": [
                ("address_recipientgroup", "Can send notices to recipient groups"),
                ("manage_members_recipientgroup", "Can decide who belongs to recipient groups"),
                ("export_recipientgroup", "Can export recipient groups"),
                ("grant_recipientgroup", "Can decide who may do what with recipient groups"),
            ],
        },
    ),
    history(
        "HistoricalRecipientGroup",
        ("recipient group", "recipient groups"),
        columns={
            "created_at": models.DateTimeField(blank=True, editable=False, verbose_name="created"),
            "modified_at": models.DateTimeField(blank=True, editable=False, verbose_name="changed"),
            "is_deleted": models.BooleanField(default=False, verbose_name="in the trash"),
            "deleted_at": models.DateTimeField(blank=True, null=True, verbose_name="deleted"),
            "code": models.CharField(max_length=64, verbose_name="code"),
            "name": models.CharField(max_length=200, verbose_name="name"),
            "description": models.TextField(blank=True, verbose_name="description"),
        },
        keys={
            "created_by": key(settings.AUTH_USER_MODEL, verbose_name="created by"),
            "deleted_by": key(settings.AUTH_USER_MODEL, verbose_name="deleted by"),
            "modified_by": key(settings.AUTH_USER_MODEL, verbose_name="changed by"),
        },
        indexes={
            "newest": "recipients__history_10fdf4_idx",
            "stamp": "recipients__history_0ded6c_idx",
            "id": "recipients__id_e91528_idx",
        },
        searched=GinIndex(words("name", "code"), name="recipientgroup_names_then"),
    ),
    migrations.CreateModel(
        name="RecipientGroupAdditionalRecipient",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("recipient_group", models.ForeignKey("recipients.recipientgroup", models.CASCADE, db_index=False, verbose_name="group")),
            ("user", models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, verbose_name="person")),
        ],
        options={
            "verbose_name": "person in a group",
            "verbose_name_plural": "people in groups",
            "constraints": [
                models.UniqueConstraint(
                    fields=("recipient_group", "user"),
                    name="person_once_in_a_group",
                    violation_error_message="This person is already in the group.",
                )
            ],
        },
    ),
    history(
        "HistoricalRecipientGroupAdditionalRecipient",
        ("person in a group", "people in groups"),
        keys={
            "recipient_group": key("recipients.recipientgroup", verbose_name="group"),
            "user": key(settings.AUTH_USER_MODEL, verbose_name="person"),
        },
        indexes={
            "newest": "recipients__history_d09d1d_idx",
            "stamp": "recipients__history_6ea73b_idx",
            "id": "recipients__id_06ce0f_idx",
            "recipient_group": "recipients__recipie_712ebf_idx",
            "user": "recipients__user_id_595971_idx",
        },
    ),
    migrations.CreateModel(
        name="RecipientGroupRecipient",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("recipient", models.ForeignKey("recipients.recipient", models.CASCADE, verbose_name="recipient")),
            ("recipient_group", models.ForeignKey("recipients.recipientgroup", models.CASCADE, db_index=False, verbose_name="group")),
        ],
        options={
            "verbose_name": "recipient in a group",
            "verbose_name_plural": "recipients in groups",
            "constraints": [
                models.UniqueConstraint(
                    fields=("recipient_group", "recipient"),
                    name="recipient_once_in_a_group",
                    violation_error_message="This recipient is already in the group.",
                )
            ],
        },
    ),
    history(
        "HistoricalRecipientGroupRecipient",
        ("recipient in a group", "recipients in groups"),
        keys={
            "recipient": key("recipients.recipient", verbose_name="recipient"),
            "recipient_group": key("recipients.recipientgroup", verbose_name="group"),
        },
        indexes={
            "newest": "recipients__history_a03808_idx",
            "stamp": "recipients__history_e66fc4_idx",
            "id": "recipients__id_9fb6b3_idx",
            "recipient_group": "recipients__recipie_a2f6c6_idx",
            "recipient": "recipients__recipie_da83ab_idx",
        },
    ),
    migrations.CreateModel(
        name="RecipientGroupRolePermission",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("content_object", models.ForeignKey("recipients.recipientgroup", models.CASCADE)),
            ("group", models.ForeignKey("auth.group", models.CASCADE)),
            ("permission", models.ForeignKey("auth.permission", models.CASCADE)),
        ],
        options={"abstract": False, "unique_together": {("group", "permission", "content_object")}},
    ),
    history(
        "HistoricalRecipientGroupRolePermission",
        ("recipient group role permission", "recipient group role permissions"),
        keys={"content_object": key("recipients.recipientgroup"), "group": key("auth.group"), "permission": key("auth.permission")},
        indexes={
            "newest": "recipients__history_0fae48_idx",
            "stamp": "recipients__history_eab0e4_idx",
            "id": "recipients__id_bbebdc_idx",
            "content_object": "recipients__content_1b47ed_idx",
            "group": "recipients__group_i_9c8de2_idx",
        },
    ),
    migrations.CreateModel(
        name="RecipientGroupUserPermission",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("content_object", models.ForeignKey("recipients.recipientgroup", models.CASCADE)),
            ("permission", models.ForeignKey("auth.permission", models.CASCADE)),
            ("user", models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)),
        ],
        options={"abstract": False, "unique_together": {("user", "permission", "content_object")}},
    ),
    history(
        "HistoricalRecipientGroupUserPermission",
        ("recipient group user permission", "recipient group user permissions"),
        keys={
            "content_object": key("recipients.recipientgroup"),
            "permission": key("auth.permission"),
            "user": key(settings.AUTH_USER_MODEL),
        },
        indexes={
            "newest": "recipients__history_af7d77_idx",
            "stamp": "recipients__history_383697_idx",
            "id": "recipients__id_7b9ff4_idx",
            "content_object": "recipients__content_d460b4_idx",
            "user": "recipients__user_id_e75335_idx",
        },
    ),
    migrations.CreateModel(
        name="RecipientRolePermission",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("content_object", models.ForeignKey("recipients.recipient", models.CASCADE)),
            ("group", models.ForeignKey("auth.group", models.CASCADE)),
            ("permission", models.ForeignKey("auth.permission", models.CASCADE)),
        ],
        options={"abstract": False, "unique_together": {("group", "permission", "content_object")}},
    ),
    history(
        "HistoricalRecipientRolePermission",
        ("recipient role permission", "recipient role permissions"),
        keys={"content_object": key("recipients.recipient"), "group": key("auth.group"), "permission": key("auth.permission")},
        indexes={
            "newest": "recipients__history_04995c_idx",
            "stamp": "recipients__history_20cec5_idx",
            "id": "recipients__id_ee1edc_idx",
            "content_object": "recipients__content_238475_idx",
            "group": "recipients__group_i_f867dc_idx",
        },
    ),
    migrations.CreateModel(
        name="RecipientUserPermission",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("content_object", models.ForeignKey("recipients.recipient", models.CASCADE)),
            ("permission", models.ForeignKey("auth.permission", models.CASCADE)),
            ("user", models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)),
        ],
        options={"abstract": False, "unique_together": {("user", "permission", "content_object")}},
    ),
    history(
        "HistoricalRecipientUserPermission",
        ("recipient user permission", "recipient user permissions"),
        keys={
            "content_object": key("recipients.recipient"),
            "permission": key("auth.permission"),
            "user": key(settings.AUTH_USER_MODEL),
        },
        indexes={
            "newest": "recipients__history_cd2434_idx",
            "stamp": "recipients__history_246e13_idx",
            "id": "recipients__id_214294_idx",
            "content_object": "recipients__content_4115e6_idx",
            "user": "recipients__user_id_16e0e2_idx",
        },
    ),
    migrations.CreateModel(
        name="RoleAssignment",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
            ("modified_at", models.DateTimeField(auto_now=True, verbose_name="changed")),
            ("role", models.CharField(blank=True, default="Member", max_length=80, verbose_name="role")),
            ("starts_on", models.DateField(blank=True, null=True, verbose_name="from")),
            ("ends_on", models.DateField(blank=True, null=True, verbose_name="until")),
            ("recipient", models.ForeignKey("recipients.recipient", models.CASCADE, verbose_name="recipient")),
            ("user", models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, db_index=False, verbose_name="person")),
        ],
        options={
            "verbose_name": "role assignment",
            "verbose_name_plural": "role assignments",
            "ordering": ("recipient__name", "id"),
            "constraints": [
                models.UniqueConstraint(
                    fields=("user", "recipient", "role"),
                    name="one_assignment_per_role",
                    violation_error_message="This person already has this role there.",
                ),
                models.CheckConstraint(
                    condition=Q(ends_on__isnull=True) | Q(starts_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                    name="assignment_ends_after_it_starts",
                    violation_error_message="“Until” is before “from”. Set it to the same day or later.",
                ),
            ],
        },
    ),
    history(
        "HistoricalRoleAssignment",
        ("role assignment", "role assignments"),
        columns={
            "created_at": models.DateTimeField(blank=True, editable=False, verbose_name="created"),
            "modified_at": models.DateTimeField(blank=True, editable=False, verbose_name="changed"),
            "role": models.CharField(blank=True, default="Member", max_length=80, verbose_name="role"),
            "starts_on": models.DateField(blank=True, null=True, verbose_name="from"),
            "ends_on": models.DateField(blank=True, null=True, verbose_name="until"),
        },
        keys={
            "recipient": key("recipients.recipient", verbose_name="recipient"),
            "user": key(settings.AUTH_USER_MODEL, verbose_name="person"),
        },
        indexes={
            "newest": "recipients__history_05b45e_idx",
            "stamp": "recipients__history_d091a5_idx",
            "id": "recipients__id_c26169_idx",
            "user": "recipients__user_id_d1d10f_idx",
            "recipient": "recipients__recipie_f85694_idx",
        },
    ),
    migrations.CreateModel(
        name="Import",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("kind", models.CharField(choices=IMPORT_KINDS, max_length=16, verbose_name="what it holds")),
            ("mode", models.CharField(choices=IMPORT_MODES, default="add", max_length=8, verbose_name="mode")),
            ("sets_aside", models.BooleanField(default=False, verbose_name="good rows now, bad rows set aside")),
            ("mails_when_done", models.BooleanField(default=False, verbose_name="send me an e-mail when it is done")),
            ("state", models.CharField(choices=IMPORT_STATES, default="reading", max_length=16, verbose_name="state")),
            ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="uploaded")),
            ("reason", models.TextField(blank=True, verbose_name="reason")),
            ("readings", models.PositiveIntegerField(default=0)),
            ("read_at", models.DateTimeField(blank=True, null=True)),
            ("problem", models.JSONField(blank=True, null=True)),
            ("summary", models.JSONField(blank=True, default=dict)),
            ("content_digest", models.CharField(blank=True, max_length=64)),
            ("failing", models.FileField(blank=True, upload_to="imports/failing/")),
            ("confirmed_at", models.DateTimeField(blank=True, null=True, verbose_name="confirmed")),
            ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="finished")),
            ("undone_at", models.DateTimeField(blank=True, null=True, verbose_name="undone")),
            ("created_by", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="uploaded by")),
            ("follows", models.ForeignKey("recipients.import", models.PROTECT, blank=True, null=True, verbose_name="mends")),
            (
                "undone_by",
                models.ForeignKey(
                    settings.AUTH_USER_MODEL, models.PROTECT, blank=True, null=True, related_name="+", verbose_name="undone by"
                ),
            ),
        ],
        options={
            "verbose_name": "import",
            "verbose_name_plural": "imports",
            "ordering": ("-id",),
            "default_permissions": ("add", "view"),
            "indexes": [models.Index(condition=~Q(content_digest=""), fields=["content_digest"], name="import_by_content")],
        },
    ),
    history(
        "HistoricalImport",
        ("import", "imports"),
        columns={
            "kind": models.CharField(choices=IMPORT_KINDS, max_length=16, verbose_name="what it holds"),
            "mode": models.CharField(choices=IMPORT_MODES, default="add", max_length=8, verbose_name="mode"),
            "sets_aside": models.BooleanField(default=False, verbose_name="good rows now, bad rows set aside"),
            "mails_when_done": models.BooleanField(default=False, verbose_name="send me an e-mail when it is done"),
            "state": models.CharField(choices=IMPORT_STATES, default="reading", max_length=16, verbose_name="state"),
            "created_at": models.DateTimeField(blank=True, editable=False, verbose_name="uploaded"),
            "reason": models.TextField(blank=True, verbose_name="reason"),
            "confirmed_at": models.DateTimeField(blank=True, null=True, verbose_name="confirmed"),
            "finished_at": models.DateTimeField(blank=True, null=True, verbose_name="finished"),
            "undone_at": models.DateTimeField(blank=True, null=True, verbose_name="undone"),
        },
        keys={
            "created_by": key(settings.AUTH_USER_MODEL, verbose_name="uploaded by"),
            "follows": key("recipients.import", verbose_name="mends"),
            "undone_by": key(settings.AUTH_USER_MODEL, verbose_name="undone by"),
        },
        indexes={
            "newest": "recipients__history_abde61_idx",
            "stamp": "recipients__history_488768_idx",
            "id": "recipients__id_1d76fc_idx",
        },
    ),
    migrations.CreateModel(
        name="ImportFile",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("part", models.PositiveSmallIntegerField(default=1, verbose_name="part")),
            ("file", models.FileField(upload_to=stored_name, verbose_name="file")),
            ("name", models.CharField(max_length=200, verbose_name="name")),
            ("size", models.PositiveBigIntegerField(verbose_name="size")),
            ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
            ("answers", models.JSONField(blank=True, default=dict)),
            ("replaces", models.JSONField(blank=True, default=dict)),
            (
                "batch",
                models.ForeignKey("recipients.import", models.CASCADE, db_index=False, related_name="files", verbose_name="import"),
            ),
        ],
        options={
            "verbose_name": "file of an import",
            "verbose_name_plural": "files of imports",
            "ordering": ("batch", "part"),
            "default_permissions": (),
            "constraints": [models.UniqueConstraint(fields=("batch", "part"), name="one_file_for_a_part")],
        },
    ),
    history(
        "HistoricalImportFile",
        ("file of an import", "files of imports"),
        columns={
            "part": models.PositiveSmallIntegerField(default=1, verbose_name="part"),
            "file": models.TextField(max_length=100, verbose_name="file"),
            "name": models.CharField(max_length=200, verbose_name="name"),
            "size": models.PositiveBigIntegerField(verbose_name="size"),
            "sha256": models.CharField(max_length=64, verbose_name="SHA-256"),
        },
        keys={"batch": key("recipients.import", verbose_name="import")},
        indexes={
            "newest": "recipients__history_444bb6_idx",
            "stamp": "recipients__history_537e95_idx",
            "id": "recipients__id_db2449_idx",
            "batch": "recipients__batch_i_cb486a_idx",
        },
    ),
    migrations.CreateModel(
        name="ImportProblem",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("part", models.PositiveSmallIntegerField()),
            ("line", models.BigIntegerField()),
            ("column", models.TextField()),
            ("value", models.TextField()),
            ("message", models.TextField()),
            ("code", models.CharField(max_length=32)),
            (
                "batch",
                models.ForeignKey("recipients.import", models.CASCADE, db_constraint=False, db_index=False, related_name="problems"),
            ),
        ],
        options={"default_permissions": (), "indexes": [models.Index(fields=["batch", "part", "line"], name="import_problems")]},
    ),
    migrations.RunSQL("CREATE SEQUENCE recipients_importrow_number", "DROP SEQUENCE recipients_importrow_number"),
    migrations.CreateModel(
        name="ImportRow",
        fields=[
            (
                "pk",
                models.CompositePrimaryKey("batch_id", "outcome", "number", blank=True, editable=False, primary_key=True, serialize=False),
            ),
            (
                "outcome",
                models.CharField(
                    choices=[
                        ("new", "New"),
                        ("changed", "Changed"),
                        ("unchanged", "Unchanged"),
                        ("removed", "Removed"),
                        ("repeated", "Repeated in the file"),
                    ],
                    db_collation="C",
                    max_length=16,
                ),
            ),
            ("number", models.BigIntegerField(db_default=NextValue("recipients_importrow_number"))),
            ("part", models.PositiveSmallIntegerField(null=True)),
            ("line", models.BigIntegerField(null=True)),
            ("before", models.JSONField(null=True)),
            ("after", models.JSONField(null=True)),
            ("batch", models.ForeignKey("recipients.import", models.CASCADE, db_constraint=False, db_index=False, related_name="rows")),
            (
                "group",
                models.ForeignKey(
                    "recipients.recipientgroup", models.DO_NOTHING, db_constraint=False, db_index=False, null=True, related_name="+"
                ),
            ),
            (
                "person",
                models.ForeignKey(
                    settings.AUTH_USER_MODEL, models.DO_NOTHING, db_constraint=False, db_index=False, null=True, related_name="+"
                ),
            ),
            (
                "recipient",
                models.ForeignKey(
                    "recipients.recipient", models.DO_NOTHING, db_constraint=False, db_index=False, null=True, related_name="+"
                ),
            ),
        ],
        options={"default_permissions": ()},
    ),
    # Derived from the files, and read again if a crash of the server empties it.
    migrations.RunSQL("ALTER TABLE recipients_importrow SET UNLOGGED", "ALTER TABLE recipients_importrow SET LOGGED"),
    migrations.CreateModel(
        name="AddressProblem",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("cause", models.CharField(choices=CAUSES, max_length=16, verbose_name="cause")),
            (
                "code",
                models.CharField(
                    blank=True, help_text="What mail servers call it, such as 5.1.1.", max_length=16, verbose_name="status code"
                ),
            ),
            ("since", models.DateTimeField(verbose_name="since")),
            (
                "person",
                models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="address_problem", verbose_name="person"),
            ),
        ],
        options={
            "verbose_name": "address that does not work",
            "verbose_name_plural": "addresses that do not work",
            "default_permissions": (),
            "constraints": [models.CheckConstraint(condition=Q(cause__in=["refused", "repeated"]), name="address_problem_cause_is_known")],
        },
    ),
    history(
        "HistoricalAddressProblem",
        ("address that does not work", "addresses that do not work"),
        columns={
            "cause": models.CharField(choices=CAUSES, max_length=16, verbose_name="cause"),
            "code": models.CharField(
                blank=True, help_text="What mail servers call it, such as 5.1.1.", max_length=16, verbose_name="status code"
            ),
            "since": models.DateTimeField(verbose_name="since"),
        },
        keys={"person": key(settings.AUTH_USER_MODEL, verbose_name="person")},
        indexes={
            "newest": "recipients__history_d13b9d_idx",
            "stamp": "recipients__history_7183c1_idx",
            "id": "recipients__id_c2e9ba_idx",
            "person": "recipients__person__3f1f21_idx",
        },
    ),
    # The mark goes with the address, whoever changes it and by whichever door.
    migrations.RunSQL(FORGET, "DROP FUNCTION recipients_forget_address_problem()"),
    migrations.RunSQL(ON_CHANGED_ADDRESS, "DROP TRIGGER forget_address_problem ON recipients_user"),
]


class Migration(migrations.Migration):
    # A database that took these steps one by one has the tables.
    replaces = [
        ("recipients", "0002_search_history_by_name"),
        ("recipients", "0003_anonymise"),
        ("recipients", "0004_name_rights"),
        ("recipients", "0005_hold_identity"),
        ("recipients", "0006_import_spreadsheets"),
        ("recipients", "0007_mark_addresses_that_fail"),
    ]
    dependencies = [
        ("audit", "0001_schema"),
        ("recipients", "0001_people"),
        # Before ours, to be quick: each of their steps renders whatever hangs together with people, which is still little.
        ("otp_totp", "0003_add_timestamps"),
        ("socialaccount", "0006_alter_socialaccount_extra_data"),
    ]

    operations = [Together(TABLES)]
