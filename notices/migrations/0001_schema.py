"""Notices: whom they address, who approves, changes and reads them, and the mails about them."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import CombinedSearchVector, SearchConfig, SearchVector, SearchVectorField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import migrations, models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Now

from audit.migrations._tables import Together, history, key
from audit.models.fields import words
from backoffice import clock
from backoffice.richtext_field import RichTextField
from notices.models.notice import attachment_path, days_after, days_before

COLOURS = [
    ("gray", "Grey"),
    ("red", "Red"),
    ("orange", "Orange"),
    ("amber", "Amber"),
    ("green", "Green"),
    ("blue", "Blue"),
    ("purple", "Purple"),
]
DAYS_OF_JOINERS = "Working days to acknowledge it, if the day above comes too soon for them. Empty: as the category says, else 5."
DECISIONS = [
    ("submitted", "Submitted"),
    ("approved", "Approved"),
    ("returned", "Returned"),
    ("rejected", "Rejected"),
    ("bypassed", "Published without approval"),
    ("lifted", "Need for approval lifted"),
]
KINDS_OF_CHANGE = [("typo", "Typo"), ("material", "Material"), ("tell", "Tell only")]
MAIL_STATES = [
    ("waiting", "Waiting"),
    ("claimed", "Sending"),
    ("retry", "To be tried again"),
    ("sent", "Sent"),
    ("failed", "Failed"),
    ("unknown", "May have arrived"),
    ("suppressed", "Not sent by mail"),
    ("cancelled", "Cancelled"),
]
REASONS_TO_CLOSE = [("left", "Left the audience"), ("inactive", "Account closed"), ("taken_out", "Taken out of the audience")]
STATES_OF_CHANGE = [("draft", "Being written"), ("waiting", "Waits for a second person"), ("applied", "Made"), ("discarded", "Discarded")]
STATUSES = [
    ("draft", "Draft"),
    ("in_review", "In review"),
    ("approved", "Approved"),
    ("scheduled", "Scheduled"),
    ("published", "Published"),
    ("withdrawn", "Withdrawn"),
]


def cascade(column: str, table: str) -> migrations.RunSQL:
    """A bounce goes with its mail. Said to the database alone, so that Django deletes mails without looking for bounces of each."""
    name = f"notices_bounce_{column}"
    make = f"ALTER TABLE notices_bounce ADD CONSTRAINT {name} FOREIGN KEY ({column}) REFERENCES {table} (id) ON DELETE CASCADE"
    return migrations.RunSQL(make, f"ALTER TABLE notices_bounce DROP CONSTRAINT {name}")


TABLES = [
    migrations.CreateModel(
        name="Category",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("name", models.CharField(max_length=80, unique=True, verbose_name="name")),
            ("description", models.TextField(blank=True, verbose_name="description")),
            ("colour", models.CharField(choices=COLOURS, default="gray", max_length=16, verbose_name="colour")),
            (
                "needs_approval",
                models.BooleanField(
                    default=False, help_text="Someone who did not write it has to approve it first.", verbose_name="needs approval"
                ),
            ),
            (
                "requires_acknowledgement",
                models.BooleanField(default=False, help_text="The default for new notices.", verbose_name="asks for acknowledgement"),
            ),
            (
                "joiner_days",
                models.PositiveSmallIntegerField(
                    blank=True,
                    help_text="Working days to acknowledge a notice that is on show already. Empty: 5.",
                    null=True,
                    validators=[MinValueValidator(1), MaxValueValidator(250)],
                    verbose_name="days for those who join later",
                ),
            ),
        ],
        options={"verbose_name": "category", "verbose_name_plural": "categories", "ordering": ("name",)},
    ),
    history(
        "HistoricalCategory",
        ("category", "categories"),
        columns={
            "name": models.CharField(max_length=80, verbose_name="name"),
            "description": models.TextField(blank=True, verbose_name="description"),
            "colour": models.CharField(choices=COLOURS, default="gray", max_length=16, verbose_name="colour"),
            "needs_approval": models.BooleanField(
                default=False, help_text="Someone who did not write it has to approve it first.", verbose_name="needs approval"
            ),
            "requires_acknowledgement": models.BooleanField(
                default=False, help_text="The default for new notices.", verbose_name="asks for acknowledgement"
            ),
            "joiner_days": models.PositiveSmallIntegerField(
                blank=True,
                help_text="Working days to acknowledge a notice that is on show already. Empty: 5.",
                null=True,
                validators=[MinValueValidator(1), MaxValueValidator(250)],
                verbose_name="days for those who join later",
            ),
        },
        keys={},
        indexes={
            "newest": "notices_his_history_386a29_idx",
            "stamp": "notices_his_history_e52fc6_idx",
            "id": "notices_his_id_bbbe74_idx",
        },
        searched=GinIndex(words("name"), name="category_names_then"),
    ),
    migrations.CreateModel(
        name="Notice",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
            ("modified_at", models.DateTimeField(auto_now=True, verbose_name="changed")),
            ("is_deleted", models.BooleanField(default=False, verbose_name="in the trash")),
            ("deleted_at", models.DateTimeField(blank=True, null=True, verbose_name="deleted")),
            ("published_at", models.DateTimeField(blank=True, null=True, verbose_name="published")),
            (
                "is_published",
                models.GeneratedField(
                    db_persist=True, expression=Q(status="published"), output_field=models.BooleanField(verbose_name="is published")
                ),
            ),
            ("title", models.CharField(max_length=200, verbose_name="title")),
            ("content", RichTextField(verbose_name="content")),
            ("status", models.CharField(choices=STATUSES, default="draft", max_length=16, verbose_name="status")),
            ("start_date", models.DateField(default=clock.today, verbose_name="on show from")),
            (
                "end_date",
                models.DateField(
                    blank=True, help_text="The last day on show. Empty: until it is withdrawn.", null=True, verbose_name="on show until"
                ),
            ),
            ("requires_acknowledgement", models.BooleanField(default=False, verbose_name="must be acknowledged")),
            ("due_date", models.DateField(blank=True, null=True, verbose_name="acknowledge by")),
            ("publish_at", models.DateTimeField(blank=True, null=True, verbose_name="publish at")),
            ("revision", models.PositiveIntegerField(default=1, verbose_name="revision")),
            ("version", models.PositiveIntegerField(default=1, verbose_name="version")),
            ("withdrawn_at", models.DateTimeField(blank=True, null=True, verbose_name="withdrawn")),
            ("status_reason", models.TextField(blank=True, verbose_name="reason")),
            (
                "search_vector",
                models.GeneratedField(
                    db_persist=True,
                    expression=CombinedSearchVector(
                        CombinedSearchVector(
                            SearchVector(
                                Func(F("title"), Value("-_"), Value("  "), function="translate", output_field=models.TextField()),
                                config="english",
                                weight="A",
                            ),
                            "||",
                            SearchVector(
                                Func(F("title"), Value("-_"), Value("  "), function="translate", output_field=models.TextField()),
                                config="simple",
                                weight="A",
                            ),
                            SearchConfig("english"),
                        ),
                        "||",
                        SearchVector(
                            Func(F("content"), Value("-_"), Value("  "), function="translate", output_field=models.TextField()),
                            config="english",
                            weight="B",
                        ),
                        SearchConfig("english"),
                    ),
                    output_field=SearchVectorField(),
                ),
            ),
            (
                "category",
                models.ForeignKey("notices.category", models.PROTECT, blank=True, db_index=False, null=True, verbose_name="category"),
            ),
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
            (
                "recipients",
                models.ManyToManyField(through="notices.NoticeRecipient", to="recipients.recipient", verbose_name="recipients"),
            ),
            (
                "department",
                models.ForeignKey(
                    "recipients.recipient",
                    models.PROTECT,
                    blank=True,
                    db_index=False,
                    help_text="Its authors write and keep this notice. It decides nothing about who gets it.",
                    limit_choices_to={"kind": "department"},
                    null=True,
                    related_name="own_notices",
                    verbose_name="department",
                ),
            ),
            ("bypassed_at", models.DateTimeField(blank=True, null=True, verbose_name="published without approval")),
            ("needs_approval", models.BooleanField(db_default=False, default=False, verbose_name="needs approval")),
            (
                "joiner_days",
                models.PositiveSmallIntegerField(
                    blank=True,
                    help_text=DAYS_OF_JOINERS,
                    null=True,
                    validators=[MinValueValidator(1), MaxValueValidator(250)],
                    verbose_name="days for those who join later",
                ),
            ),
            (
                "tells_joiners",
                models.BooleanField(
                    db_default=True,
                    default=True,
                    help_text="Whoever comes into its audience while it is on show finds it in the inbox. Ticked: and gets one mail.",
                    verbose_name="mail those who join later",
                ),
            ),
            (
                "remind_after",
                ArrayField(
                    models.PositiveSmallIntegerField(validators=[MaxValueValidator(120)]),
                    blank=True,
                    db_default=[],
                    default=days_after,
                    help_text="The same, for who is late. Empty: no reminder after.",
                    size=10,
                    verbose_name="remind days after",
                ),
            ),
            (
                "remind_before",
                ArrayField(
                    models.PositiveSmallIntegerField(validators=[MaxValueValidator(120)]),
                    blank=True,
                    db_default=[],
                    default=days_before,
                    help_text="Numbers with commas between, such as 7, 1; 0 is the day itself. Empty: no reminder before.",
                    size=10,
                    verbose_name="remind days before",
                ),
            ),
        ],
        options={
            "verbose_name": "notice",
            "verbose_name_plural": "notices",
            "db_table": "notices",
            "permissions": [
                ("publish_notice", "Can publish and withdraw notices"),
                ("approve_notice", "Can approve notices that others wrote"),
                ("break_glass_notice", "Can publish notices without approval"),
                ("export_notice", "Can export notices"),
                ("grant_notice", "Can decide who may do what to notices"),
                ("restore_notice", "Can take notices out of the trash"),
                ("destroy_notice", "Can destroy notices for good"),
                ("restore_version_notice", "Can take back earlier versions of notices"),
            ],
            "indexes": [
                models.Index(F("id").desc(), condition=Q(is_deleted=False), name="notice_living"),
                models.Index("status", F("id").desc(), condition=Q(is_deleted=False), name="notice_by_status"),
                models.Index("category", F("id").desc(), name="notice_by_category"),
                models.Index("publish_at", condition=Q(status="scheduled"), name="notice_due"),
                GinIndex(F("search_vector"), name="notice_search"),
                models.Index("department", F("id").desc(), condition=Q(department__isnull=False), name="notice_by_department"),
            ],
            "constraints": [
                models.CheckConstraint(
                    condition=Q(end_date__isnull=True) | Q(end_date__gte=F("start_date")),
                    name="notice_ends_after_it_starts",
                    violation_error_message="The notice would end before it starts.",
                ),
                models.CheckConstraint(
                    condition=~Q(status="scheduled") | Q(publish_at__isnull=False),
                    name="scheduled_notice_has_a_moment",
                    violation_error_message="A scheduled notice needs the moment to publish it.",
                ),
                models.CheckConstraint(
                    condition=~Q(status="published") | Q(published_at__isnull=False),
                    name="published_notice_has_a_moment",
                    violation_error_message="A published notice needs the moment it was published.",
                ),
                models.CheckConstraint(
                    condition=Q(status__in=["draft", "in_review", "approved", "scheduled", "published", "withdrawn"]),
                    name="notice_status_is_known",
                ),
            ],
        },
    ),
    history(
        "HistoricalNotice",
        ("notice", "notices"),
        columns={
            "created_at": models.DateTimeField(blank=True, editable=False, verbose_name="created"),
            "modified_at": models.DateTimeField(blank=True, editable=False, verbose_name="changed"),
            "is_deleted": models.BooleanField(default=False, verbose_name="in the trash"),
            "deleted_at": models.DateTimeField(blank=True, null=True, verbose_name="deleted"),
            "published_at": models.DateTimeField(blank=True, null=True, verbose_name="published"),
            "title": models.CharField(max_length=200, verbose_name="title"),
            "content": RichTextField(verbose_name="content"),
            "status": models.CharField(choices=STATUSES, default="draft", max_length=16, verbose_name="status"),
            "start_date": models.DateField(default=clock.today, verbose_name="on show from"),
            "end_date": models.DateField(
                blank=True, help_text="The last day on show. Empty: until it is withdrawn.", null=True, verbose_name="on show until"
            ),
            "requires_acknowledgement": models.BooleanField(default=False, verbose_name="must be acknowledged"),
            "due_date": models.DateField(blank=True, null=True, verbose_name="acknowledge by"),
            "publish_at": models.DateTimeField(blank=True, null=True, verbose_name="publish at"),
            "revision": models.PositiveIntegerField(default=1, verbose_name="revision"),
            "withdrawn_at": models.DateTimeField(blank=True, null=True, verbose_name="withdrawn"),
            "status_reason": models.TextField(blank=True, verbose_name="reason"),
            "bypassed_at": models.DateTimeField(blank=True, null=True, verbose_name="published without approval"),
            "needs_approval": models.BooleanField(db_default=False, default=False, verbose_name="needs approval"),
            "joiner_days": models.PositiveSmallIntegerField(
                blank=True,
                help_text=DAYS_OF_JOINERS,
                null=True,
                validators=[MinValueValidator(1), MaxValueValidator(250)],
                verbose_name="days for those who join later",
            ),
            "tells_joiners": models.BooleanField(
                db_default=True,
                default=True,
                help_text="Whoever comes into its audience while it is on show finds it in the inbox. Ticked: and gets one mail.",
                verbose_name="mail those who join later",
            ),
            "remind_after": ArrayField(
                models.PositiveSmallIntegerField(validators=[MaxValueValidator(120)]),
                blank=True,
                db_default=[],
                default=days_after,
                help_text="The same, for who is late. Empty: no reminder after.",
                size=10,
                verbose_name="remind days after",
            ),
            "remind_before": ArrayField(
                models.PositiveSmallIntegerField(validators=[MaxValueValidator(120)]),
                blank=True,
                db_default=[],
                default=days_before,
                help_text="Numbers with commas between, such as 7, 1; 0 is the day itself. Empty: no reminder before.",
                size=10,
                verbose_name="remind days before",
            ),
        },
        keys={
            "category": key("notices.category", verbose_name="category"),
            "created_by": key(settings.AUTH_USER_MODEL, verbose_name="created by"),
            "deleted_by": key(settings.AUTH_USER_MODEL, verbose_name="deleted by"),
            "department": key(
                "recipients.recipient",
                verbose_name="department",
                help_text="Its authors write and keep this notice. It decides nothing about who gets it.",
                limit_choices_to={"kind": "department"},
            ),
            "modified_by": key(settings.AUTH_USER_MODEL, verbose_name="changed by"),
        },
        indexes={
            "newest": "notices_his_history_1299dc_idx",
            "stamp": "notices_his_history_303f73_idx",
            "id": "notices_his_id_a2c7eb_idx",
        },
        searched=GinIndex(words("title"), name="notice_names_then"),
    ),
    migrations.CreateModel(
        name="Attachment",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("file", models.FileField(upload_to=attachment_path, verbose_name="file")),
            ("name", models.CharField(blank=True, max_length=200, verbose_name="name")),
            ("content_type", models.CharField(blank=True, max_length=100, verbose_name="type")),
            ("size", models.PositiveBigIntegerField(default=0, help_text="In bytes.", verbose_name="size")),
            ("sha256", models.CharField(blank=True, max_length=64, verbose_name="SHA-256")),
            ("notice", models.ForeignKey("notices.notice", models.CASCADE, related_name="attachments", verbose_name="notice")),
        ],
        options={"verbose_name": "attachment", "verbose_name_plural": "attachments", "ordering": ("id",)},
    ),
    history(
        "HistoricalAttachment",
        ("attachment", "attachments"),
        columns={
            "file": models.TextField(max_length=100, verbose_name="file"),
            "name": models.CharField(blank=True, max_length=200, verbose_name="name"),
            "content_type": models.CharField(blank=True, max_length=100, verbose_name="type"),
            "size": models.PositiveBigIntegerField(default=0, help_text="In bytes.", verbose_name="size"),
            "sha256": models.CharField(blank=True, max_length=64, verbose_name="SHA-256"),
        },
        keys={"notice": key("notices.notice", verbose_name="notice")},
        indexes={
            "newest": "notices_his_history_2d2f64_idx",
            "stamp": "notices_his_history_1fc8c9_idx",
            "id": "notices_his_id_48e529_idx",
            "notice": "notices_his_notice__ef5511_idx",
        },
    ),
    migrations.CreateModel(
        name="TrashedNotice",
        fields=[],
        options={"verbose_name": "deleted notice", "verbose_name_plural": "trash", "proxy": True, "default_permissions": ()},
        bases=("notices.notice",),
    ),
    migrations.CreateModel(
        name="NoticeRecipient",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("notice", models.ForeignKey("notices.notice", models.CASCADE, db_index=False, verbose_name="notice")),
            ("recipient", models.ForeignKey("recipients.recipient", models.PROTECT, verbose_name="recipient")),
        ],
        options={
            "verbose_name": "addressed recipient",
            "verbose_name_plural": "addressed recipients",
            "constraints": [models.UniqueConstraint(fields=("notice", "recipient"), name="notice_names_a_recipient_once")],
        },
    ),
    history(
        "HistoricalNoticeRecipient",
        ("addressed recipient", "addressed recipients"),
        keys={
            "notice": key("notices.notice", verbose_name="notice"),
            "recipient": key("recipients.recipient", verbose_name="recipient"),
        },
        indexes={
            "newest": "notices_his_history_63f07e_idx",
            "stamp": "notices_his_history_b73fea_idx",
            "id": "notices_his_id_159a49_idx",
            "notice": "notices_his_notice__4a1972_idx",
            "recipient": "notices_his_recipie_bb267f_idx",
        },
    ),
    migrations.CreateModel(
        name="NoticeRecipientGroup",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("notice", models.ForeignKey("notices.notice", models.CASCADE, db_index=False, verbose_name="notice")),
            ("recipient_group", models.ForeignKey("recipients.recipientgroup", models.PROTECT, verbose_name="group")),
        ],
        options={
            "verbose_name": "addressed group",
            "verbose_name_plural": "addressed groups",
            "constraints": [models.UniqueConstraint(fields=("notice", "recipient_group"), name="notice_names_a_group_once")],
        },
    ),
    history(
        "HistoricalNoticeRecipientGroup",
        ("addressed group", "addressed groups"),
        keys={
            "notice": key("notices.notice", verbose_name="notice"),
            "recipient_group": key("recipients.recipientgroup", verbose_name="group"),
        },
        indexes={
            "newest": "notices_his_history_4fa3d8_idx",
            "stamp": "notices_his_history_c8a1b8_idx",
            "id": "notices_his_id_3298d8_idx",
            "notice": "notices_his_notice__91b44e_idx",
            "recipient_group": "notices_his_recipie_dd84f9_idx",
        },
    ),
    migrations.CreateModel(
        name="NoticeRolePermission",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("content_object", models.ForeignKey("notices.notice", models.CASCADE)),
            ("group", models.ForeignKey("auth.group", models.CASCADE)),
            ("permission", models.ForeignKey("auth.permission", models.CASCADE)),
        ],
        options={"abstract": False, "unique_together": {("group", "permission", "content_object")}},
    ),
    history(
        "HistoricalNoticeRolePermission",
        ("notice role permission", "notice role permissions"),
        keys={"content_object": key("notices.notice"), "group": key("auth.group"), "permission": key("auth.permission")},
        indexes={
            "newest": "notices_his_history_a3d3ec_idx",
            "stamp": "notices_his_history_a6ae94_idx",
            "id": "notices_his_id_f5258b_idx",
            "content_object": "notices_his_content_74913f_idx",
            "group": "notices_his_group_i_ba3f5c_idx",
        },
    ),
    migrations.CreateModel(
        name="NoticeUserPermission",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("content_object", models.ForeignKey("notices.notice", models.CASCADE)),
            ("permission", models.ForeignKey("auth.permission", models.CASCADE)),
            ("user", models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)),
        ],
        options={"abstract": False, "unique_together": {("user", "permission", "content_object")}},
    ),
    history(
        "HistoricalNoticeUserPermission",
        ("notice user permission", "notice user permissions"),
        keys={"content_object": key("notices.notice"), "permission": key("auth.permission"), "user": key(settings.AUTH_USER_MODEL)},
        indexes={
            "newest": "notices_his_history_9aa5ee_idx",
            "stamp": "notices_his_history_ed4f8a_idx",
            "id": "notices_his_id_b9c2ad_idx",
            "content_object": "notices_his_content_11b9f6_idx",
            "user": "notices_his_user_id_d8e6ef_idx",
        },
    ),
    migrations.CreateModel(
        name="ReadAcknowledgment",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("revision", models.PositiveIntegerField(default=1, verbose_name="revision")),
            ("read_at", models.DateTimeField(default=clock.now, verbose_name="opened")),
            ("acknowledged_at", models.DateTimeField(blank=True, null=True, verbose_name="acknowledged")),
            (
                "content_sha256",
                models.CharField(
                    blank=True,
                    help_text="SHA-256 over title, content and attachments.",
                    max_length=64,
                    verbose_name="digest of what was confirmed",
                ),
            ),
            ("notice", models.ForeignKey("notices.notice", models.PROTECT, verbose_name="notice")),
            ("user", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, db_index=False, verbose_name="person")),
        ],
        options={
            "verbose_name": "acknowledgement",
            "verbose_name_plural": "acknowledgements",
            "constraints": [
                models.UniqueConstraint(fields=("user", "notice", "revision"), name="one_acknowledgement_per_revision"),
                models.CheckConstraint(
                    condition=Q(acknowledged_at__isnull=True) | Q(acknowledged_at__gte=F("read_at")), name="opened_before_acknowledged"
                ),
                models.CheckConstraint(
                    condition=Q(acknowledged_at__isnull=True) | ~Q(content_sha256=""), name="acknowledged_content_is_pinned"
                ),
            ],
        },
    ),
    history(
        "HistoricalReadAcknowledgment",
        ("acknowledgement", "acknowledgements"),
        columns={
            "revision": models.PositiveIntegerField(default=1, verbose_name="revision"),
            "read_at": models.DateTimeField(default=clock.now, verbose_name="opened"),
            "acknowledged_at": models.DateTimeField(blank=True, null=True, verbose_name="acknowledged"),
            "content_sha256": models.CharField(
                blank=True,
                help_text="SHA-256 over title, content and attachments.",
                max_length=64,
                verbose_name="digest of what was confirmed",
            ),
        },
        keys={"notice": key("notices.notice", verbose_name="notice"), "user": key(settings.AUTH_USER_MODEL, verbose_name="person")},
        indexes={
            "newest": "notices_his_history_06759b_idx",
            "stamp": "notices_his_history_060fd5_idx",
            "id": "notices_his_id_64e479_idx",
            "notice": "notices_his_notice__4de658_idx",
            "user": "notices_his_user_id_824df6_idx",
        },
    ),
    migrations.CreateModel(
        name="Favourite",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="since")),
            ("user", models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, db_index=False, verbose_name="person")),
            ("notice", models.ForeignKey("notices.notice", models.CASCADE, verbose_name="notice")),
        ],
        options={
            "verbose_name": "favourite",
            "verbose_name_plural": "favourites",
            "constraints": [models.UniqueConstraint(fields=("user", "notice"), name="favourite_once")],
        },
    ),
    history(
        "HistoricalFavourite",
        ("favourite", "favourites"),
        columns={"created_at": models.DateTimeField(blank=True, editable=False, verbose_name="since")},
        keys={"notice": key("notices.notice", verbose_name="notice"), "user": key(settings.AUTH_USER_MODEL, verbose_name="person")},
        indexes={
            "newest": "notices_his_history_73f89c_idx",
            "stamp": "notices_his_history_1799ac_idx",
            "id": "notices_his_id_f8604b_idx",
            "notice": "notices_his_notice__130f00_idx",
            "user": "notices_his_user_id_9b3901_idx",
        },
    ),
    migrations.CreateModel(
        name="Delivery",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("revision", models.PositiveIntegerField(verbose_name="revision")),
            (
                "kind",
                models.CharField(
                    choices=[("publication", "Publication"), ("change", "Change")],
                    default="publication",
                    max_length=16,
                    verbose_name="kind",
                ),
            ),
            ("state", models.CharField(choices=MAIL_STATES, default="waiting", max_length=16, verbose_name="state")),
            ("attempts", models.PositiveSmallIntegerField(db_default=0, default=0, verbose_name="attempts")),
            ("next_attempt_at", models.DateTimeField(verbose_name="next attempt")),
            ("changed_at", models.DateTimeField(db_default=Now(), verbose_name="since")),
            ("reason", models.TextField(blank=True, db_default="", default="", verbose_name="reason")),
            (
                "person",
                models.ForeignKey(settings.AUTH_USER_MODEL, models.DO_NOTHING, db_constraint=False, db_index=False, verbose_name="person"),
            ),
            ("notice", models.ForeignKey("notices.notice", models.CASCADE, db_constraint=False, db_index=False, verbose_name="notice")),
            ("crashes", models.PositiveSmallIntegerField(db_default=0, default=0, verbose_name="workers that died")),
            ("fence", models.BigIntegerField(null=True)),
            ("occasion", models.PositiveIntegerField(db_default=0, default=0, verbose_name="occasion")),
            ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="no longer asked since")),
            (
                "closed_why",
                models.CharField(
                    blank=True, choices=REASONS_TO_CLOSE, db_default="", default="", max_length=16, verbose_name="why no longer"
                ),
            ),
            ("due_on", models.DateField(blank=True, null=True, verbose_name="acknowledge by")),
            ("joined_at", models.DateTimeField(blank=True, null=True, verbose_name="joined")),
        ],
        options={
            "verbose_name": "delivery",
            "verbose_name_plural": "deliveries",
            "indexes": [
                models.Index(condition=Q(state="claimed"), fields=["fence"], name="delivery_claimed"),
                models.Index(
                    condition=Q(state__in=("waiting", "retry")), fields=["notice", "next_attempt_at", "id"], name="delivery_to_do"
                ),
                models.Index(condition=Q(state__in=["failed", "unknown"]), fields=["changed_at"], name="delivery_in_trouble"),
                models.Index(condition=Q(due_on__isnull=False), fields=["notice", "due_on"], name="delivery_own_day"),
            ],
            "constraints": [
                models.CheckConstraint(
                    condition=Q(state__in=["waiting", "claimed", "retry", "sent", "failed", "unknown", "suppressed", "cancelled"]),
                    name="delivery_state_is_known",
                ),
                models.UniqueConstraint(fields=("notice", "revision", "kind", "occasion", "person"), name="one_delivery_per_person"),
            ],
        },
    ),
    migrations.CreateModel(
        name="AudienceKey",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("key", models.BigIntegerField()),
            ("published_at", models.DateTimeField()),
            ("starts_on", models.DateField()),
            ("ends_on", models.DateField(null=True)),
            ("revision", models.PositiveIntegerField()),
            ("notice", models.ForeignKey("notices.notice", models.CASCADE)),
        ],
        options={
            "constraints": [
                models.UniqueConstraint(
                    fields=("key", "published_at", "notice"),
                    include=("starts_on", "ends_on", "revision"),
                    name="audience_newest_of_a_key",
                )
            ]
        },
    ),
    migrations.CreateModel(
        name="NoticeAdditionalRecipient",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("notice", models.ForeignKey("notices.notice", models.CASCADE, db_index=False, verbose_name="notice")),
            ("user", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="person")),
        ],
        options={
            "verbose_name": "addressed person",
            "verbose_name_plural": "addressed people",
            "constraints": [models.UniqueConstraint(fields=("notice", "user"), name="notice_names_a_person_once")],
        },
    ),
    history(
        "HistoricalNoticeAdditionalRecipient",
        ("addressed person", "addressed people"),
        keys={"notice": key("notices.notice", verbose_name="notice"), "user": key(settings.AUTH_USER_MODEL, verbose_name="person")},
        indexes={
            "newest": "notices_his_history_7fd5dc_idx",
            "stamp": "notices_his_history_10829d_idx",
            "id": "notices_his_id_56225a_idx",
            "notice": "notices_his_notice__6f72af_idx",
            "user": "notices_his_user_id_917f1f_idx",
        },
    ),
    migrations.CreateModel(
        name="AudienceChange",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("key", models.BigIntegerField()),
            ("times", models.BigIntegerField(default=1)),
        ],
        options={"default_permissions": (), "indexes": [models.Index(fields=["key"], include=("times",), name="changes_of_a_key")]},
    ),
    migrations.CreateModel(
        name="UnreadCount",
        fields=[
            (
                "user",
                models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+", serialize=False),
            ),
            ("day", models.DateField()),
            ("keys", ArrayField(models.BigIntegerField())),
            ("changes", models.BigIntegerField()),
            ("unread", models.IntegerField()),
        ],
        options={"default_permissions": ()},
    ),
    # It may be lost at any time, so it need not be safe on disk: remembering a count costs its reader no wait.
    migrations.RunSQL("ALTER TABLE notices_unreadcount SET UNLOGGED", migrations.RunSQL.noop),
    migrations.CreateModel(
        name="Claim",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("table", models.CharField(max_length=63)),
            ("mails", ArrayField(models.BigIntegerField())),
            ("begun", models.PositiveIntegerField(db_default=0)),
            ("claimed_at", models.DateTimeField()),
            ("lease_until", models.DateTimeField()),
        ],
        options={"default_permissions": ()},
    ),
    migrations.CreateModel(
        name="MailServer",
        fields=[
            ("address", models.CharField(max_length=300, primary_key=True, serialize=False, verbose_name="mail server")),
            ("failures", models.PositiveIntegerField(db_default=0, verbose_name="times in a row that it was away")),
            ("away_since", models.DateTimeField(null=True, verbose_name="away since")),
            ("next_try_at", models.DateTimeField(null=True, verbose_name="next try")),
            ("problem", models.TextField(db_default="", verbose_name="problem")),
            ("allowance", models.FloatField(db_default=0, verbose_name="mails that it may get now")),
            ("counted_at", models.DateTimeField(null=True, verbose_name="counted")),
        ],
        options={"verbose_name": "mail server", "verbose_name_plural": "mail servers", "default_permissions": ()},
    ),
    migrations.CreateModel(
        name="SendingPause",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("at", models.DateTimeField(verbose_name="paused")),
            ("reason", models.TextField(verbose_name="reason")),
            ("by", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="by")),
            ("notice", models.OneToOneField("notices.notice", models.CASCADE, verbose_name="notice")),
        ],
        options={"verbose_name": "pause of sending", "verbose_name_plural": "pauses of sending", "default_permissions": ()},
    ),
    history(
        "HistoricalSendingPause",
        ("pause of sending", "pauses of sending"),
        columns={"at": models.DateTimeField(verbose_name="paused"), "reason": models.TextField(verbose_name="reason")},
        keys={"by": key(settings.AUTH_USER_MODEL, verbose_name="by"), "notice": key("notices.notice", verbose_name="notice")},
        indexes={
            "newest": "notices_his_history_f35969_idx",
            "stamp": "notices_his_history_6c9c6b_idx",
            "id": "notices_his_id_875466_idx",
            "notice": "notices_his_notice__bf7c32_idx",
        },
    ),
    migrations.CreateModel(
        name="Amendment",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("number", models.PositiveIntegerField(verbose_name="number")),
            ("base_version", models.PositiveIntegerField(verbose_name="version of the notice")),
            ("title", models.CharField(max_length=200, verbose_name="title")),
            ("content", RichTextField(verbose_name="content")),
            (
                "end_date",
                models.DateField(
                    blank=True, help_text="The last day on show. Empty: until it is withdrawn.", null=True, verbose_name="on show until"
                ),
            ),
            ("due_date", models.DateField(blank=True, null=True, verbose_name="acknowledge by")),
            ("kind", models.CharField(blank=True, choices=KINDS_OF_CHANGE, max_length=16, verbose_name="kind of change")),
            ("reason", models.TextField(blank=True, verbose_name="reason")),
            ("state", models.CharField(choices=STATES_OF_CHANGE, default="draft", max_length=16, verbose_name="state")),
            ("version", models.PositiveIntegerField(default=0, verbose_name="version")),
            ("begun_at", models.DateTimeField(verbose_name="begun")),
            ("decided_at", models.DateTimeField(null=True, verbose_name="decided")),
            ("decision_reason", models.TextField(blank=True, verbose_name="reason of the decision")),
            ("revision", models.PositiveIntegerField(null=True, verbose_name="revision")),
            ("people", models.PositiveIntegerField(null=True, verbose_name="people told")),
            ("acknowledged", models.PositiveIntegerField(null=True, verbose_name="acknowledgements until then")),
            ("content_before", models.CharField(blank=True, max_length=64, verbose_name="digest of the content before")),
            ("content_after", models.CharField(blank=True, max_length=64, verbose_name="digest of the content after")),
            ("summary", models.TextField(blank=True, verbose_name="what changed, in words")),
            (
                "by",
                models.ForeignKey(
                    settings.AUTH_USER_MODEL, models.PROTECT, db_index=False, related_name="+", verbose_name="written or handed in by"
                ),
            ),
            (
                "decided_by",
                models.ForeignKey(
                    settings.AUTH_USER_MODEL, models.PROTECT, db_index=False, null=True, related_name="+", verbose_name="decided by"
                ),
            ),
            (
                "notice",
                models.ForeignKey("notices.notice", models.CASCADE, db_index=False, related_name="amendments", verbose_name="notice"),
            ),
        ],
        options={
            "verbose_name": "change of a notice on show",
            "verbose_name_plural": "changes of notices on show",
            "ordering": ("number",),
            "default_permissions": (),
            "constraints": [
                models.UniqueConstraint(fields=("notice", "number"), name="amendment_number_within_notice"),
                models.UniqueConstraint(
                    condition=Q(state__in=["draft", "waiting"]), fields=("notice",), name="one_open_amendment_of_a_notice"
                ),
                models.CheckConstraint(
                    condition=Q(state__in=["draft", "waiting", "applied", "discarded"]), name="amendment_state_is_known"
                ),
                models.CheckConstraint(
                    condition=Q(state__in=["draft", "discarded"]) | Q(kind__in=["typo", "material", "tell"]) & ~Q(reason=""),
                    name="amendment_says_what_and_why",
                ),
            ],
        },
    ),
    history(
        "HistoricalAmendment",
        ("change of a notice on show", "changes of notices on show"),
        columns={
            "number": models.PositiveIntegerField(verbose_name="number"),
            "base_version": models.PositiveIntegerField(verbose_name="version of the notice"),
            "title": models.CharField(max_length=200, verbose_name="title"),
            "content": RichTextField(verbose_name="content"),
            "end_date": models.DateField(
                blank=True, help_text="The last day on show. Empty: until it is withdrawn.", null=True, verbose_name="on show until"
            ),
            "due_date": models.DateField(blank=True, null=True, verbose_name="acknowledge by"),
            "kind": models.CharField(blank=True, choices=KINDS_OF_CHANGE, max_length=16, verbose_name="kind of change"),
            "reason": models.TextField(blank=True, verbose_name="reason"),
            "state": models.CharField(choices=STATES_OF_CHANGE, default="draft", max_length=16, verbose_name="state"),
            "begun_at": models.DateTimeField(verbose_name="begun"),
            "decided_at": models.DateTimeField(null=True, verbose_name="decided"),
            "decision_reason": models.TextField(blank=True, verbose_name="reason of the decision"),
            "revision": models.PositiveIntegerField(null=True, verbose_name="revision"),
            "people": models.PositiveIntegerField(null=True, verbose_name="people told"),
            "acknowledged": models.PositiveIntegerField(null=True, verbose_name="acknowledgements until then"),
            "content_before": models.CharField(blank=True, max_length=64, verbose_name="digest of the content before"),
            "content_after": models.CharField(blank=True, max_length=64, verbose_name="digest of the content after"),
            "summary": models.TextField(blank=True, verbose_name="what changed, in words"),
        },
        keys={
            "by": key(settings.AUTH_USER_MODEL, verbose_name="written or handed in by"),
            "decided_by": key(settings.AUTH_USER_MODEL, verbose_name="decided by"),
            "notice": key("notices.notice", verbose_name="notice"),
        },
        indexes={
            "newest": "notices_his_history_f6540f_idx",
            "stamp": "notices_his_history_fed744_idx",
            "id": "notices_his_id_c5ba31_idx",
            "notice": "notices_his_notice__8953f1_idx",
        },
    ),
    migrations.CreateModel(
        name="Approval",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("revision", models.PositiveIntegerField(verbose_name="revision")),
            ("decision", models.CharField(choices=DECISIONS, max_length=16, verbose_name="decision")),
            ("at", models.DateTimeField(verbose_name="at")),
            ("reason", models.TextField(blank=True, verbose_name="reason")),
            ("digest", models.CharField(max_length=64, verbose_name="digest of what was approved")),
            ("people", models.PositiveIntegerField(verbose_name="people")),
            ("by", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="by")),
            ("notice", models.ForeignKey("notices.notice", models.CASCADE, related_name="approvals", verbose_name="notice")),
            (
                "amendment",
                models.ForeignKey(
                    "notices.amendment",
                    models.CASCADE,
                    db_index=False,
                    null=True,
                    related_name="steps",
                    verbose_name="change of what is on show",
                ),
            ),
        ],
        options={
            "verbose_name": "step of approval",
            "verbose_name_plural": "steps of approval",
            "default_permissions": (),
            "constraints": [
                models.CheckConstraint(
                    condition=Q(decision__in=["submitted", "approved", "returned", "rejected", "bypassed", "lifted"]),
                    name="approval_decision_is_known",
                ),
                models.CheckConstraint(
                    condition=Q(decision__in=["submitted", "approved"]) | ~Q(reason=""),
                    name="approval_says_why",
                    violation_error_message="Say why.",
                ),
            ],
        },
    ),
    history(
        "HistoricalApproval",
        ("step of approval", "steps of approval"),
        columns={
            "revision": models.PositiveIntegerField(verbose_name="revision"),
            "decision": models.CharField(choices=DECISIONS, max_length=16, verbose_name="decision"),
            "at": models.DateTimeField(verbose_name="at"),
            "reason": models.TextField(blank=True, verbose_name="reason"),
            "digest": models.CharField(max_length=64, verbose_name="digest of what was approved"),
            "people": models.PositiveIntegerField(verbose_name="people"),
        },
        keys={
            "amendment": key("notices.amendment", verbose_name="change of what is on show"),
            "by": key(settings.AUTH_USER_MODEL, verbose_name="by"),
            "notice": key("notices.notice", verbose_name="notice"),
        },
        indexes={
            "newest": "notices_his_history_907ea6_idx",
            "stamp": "notices_his_history_8a7b76_idx",
            "id": "notices_his_id_1d4984_idx",
            "notice": "notices_his_notice__f5e4d8_idx",
        },
    ),
    migrations.CreateModel(
        name="ApprovalMail",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("state", models.CharField(choices=MAIL_STATES, default="waiting", max_length=16, verbose_name="state")),
            ("attempts", models.PositiveSmallIntegerField(db_default=0, default=0, verbose_name="attempts")),
            ("next_attempt_at", models.DateTimeField(verbose_name="next attempt")),
            ("reason", models.TextField(blank=True, db_default="", default="", verbose_name="reason")),
            (
                "approval",
                models.ForeignKey(
                    "notices.approval", models.CASCADE, db_index=False, related_name="mails", verbose_name="step of approval"
                ),
            ),
            ("person", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="person")),
            ("changed_at", models.DateTimeField(db_default=Now(), verbose_name="since")),
            ("crashes", models.PositiveSmallIntegerField(db_default=0, default=0, verbose_name="workers that died")),
            ("fence", models.BigIntegerField(null=True)),
        ],
        options={
            "verbose_name": "mail about an approval",
            "verbose_name_plural": "mails about approvals",
            "default_permissions": (),
            "indexes": [
                models.Index(
                    condition=Q(state__in=("waiting", "retry")), fields=["approval", "next_attempt_at"], name="approval_mail_to_do"
                )
            ],
            "constraints": [
                models.UniqueConstraint(fields=("approval", "person"), name="one_mail_per_step_and_person"),
                models.CheckConstraint(
                    condition=Q(state__in=["waiting", "claimed", "retry", "sent", "failed", "unknown", "suppressed", "cancelled"]),
                    name="approvalmail_state_is_known",
                ),
            ],
        },
    ),
    migrations.CreateModel(
        name="AmendedFile",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("takes_off", models.BigIntegerField(null=True, verbose_name="attachment that is taken off")),
            ("file", models.FileField(upload_to=attachment_path, verbose_name="file")),
            ("name", models.CharField(max_length=200, verbose_name="name")),
            ("content_type", models.CharField(blank=True, max_length=100, verbose_name="type")),
            ("size", models.PositiveBigIntegerField(default=0, help_text="In bytes.", verbose_name="size")),
            ("sha256", models.CharField(blank=True, max_length=64, verbose_name="SHA-256")),
            ("amendment", models.ForeignKey("notices.amendment", models.CASCADE, related_name="files", verbose_name="change")),
        ],
        options={
            "verbose_name": "file of a change",
            "verbose_name_plural": "files of a change",
            "ordering": ("id",),
            "default_permissions": (),
            "constraints": [models.UniqueConstraint(fields=("amendment", "takes_off"), name="amendment_takes_a_file_off_once")],
        },
    ),
    history(
        "HistoricalAmendedFile",
        ("file of a change", "files of a change"),
        columns={
            "takes_off": models.BigIntegerField(null=True, verbose_name="attachment that is taken off"),
            "file": models.TextField(max_length=100, verbose_name="file"),
            "name": models.CharField(max_length=200, verbose_name="name"),
            "content_type": models.CharField(blank=True, max_length=100, verbose_name="type"),
            "size": models.PositiveBigIntegerField(default=0, help_text="In bytes.", verbose_name="size"),
            "sha256": models.CharField(blank=True, max_length=64, verbose_name="SHA-256"),
        },
        keys={"amendment": key("notices.amendment", verbose_name="change")},
        indexes={
            "newest": "notices_his_history_0065e0_idx",
            "stamp": "notices_his_history_63533c_idx",
            "id": "notices_his_id_3740c6_idx",
            "amendment": "notices_his_amendme_969518_idx",
        },
    ),
    migrations.CreateModel(
        name="AudienceMove",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("keys", ArrayField(models.BigIntegerField())),
            ("people", ArrayField(models.BigIntegerField())),
            ("behind", ArrayField(models.BigIntegerField(), null=True)),
            ("after", models.BigIntegerField(db_default=0, default=0)),
            ("at", models.DateTimeField(db_default=Now())),
        ],
        options={"default_permissions": ()},
    ),
    # Compressing the arrays would take longer than all the rest, for rows that live half a minute.
    migrations.RunSQL("ALTER TABLE notices_audiencemove ALTER COLUMN people SET STORAGE EXTERNAL", migrations.RunSQL.noop),
    migrations.CreateModel(
        name="MembershipDay", fields=[("day", models.DateField(primary_key=True, serialize=False))], options={"default_permissions": ()}
    ),
    migrations.CreateModel(
        name="DeliveryEvent",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            (
                "what",
                models.CharField(choices=[("closed", "No longer asked"), ("reopened", "Asked again")], max_length=16, verbose_name="what"),
            ),
            ("why", models.CharField(blank=True, choices=REASONS_TO_CLOSE, max_length=16, verbose_name="why")),
            ("reason", models.TextField(blank=True, verbose_name="reason")),
            ("at", models.DateTimeField(db_default=Now(), verbose_name="when")),
            (
                "delivery",
                models.ForeignKey("notices.delivery", models.CASCADE, db_constraint=False, related_name="events", verbose_name="delivery"),
            ),
        ],
        options={
            "verbose_name": "change of what is asked",
            "verbose_name_plural": "changes of what is asked",
            "ordering": ("id",),
            "default_permissions": (),
        },
    ),
    migrations.CreateModel(
        name="ReminderCall",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("revision", models.PositiveIntegerField(verbose_name="revision")),
            ("at", models.DateTimeField(db_default=Now(), verbose_name="when")),
            ("people", models.PositiveIntegerField(verbose_name="people")),
            ("by", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="by")),
            ("notice", models.ForeignKey("notices.notice", models.CASCADE, related_name="reminder_calls", verbose_name="notice")),
            (
                "person",
                models.ForeignKey(
                    settings.AUTH_USER_MODEL, models.PROTECT, blank=True, null=True, related_name="+", verbose_name="one person alone"
                ),
            ),
        ],
        options={
            "verbose_name": "reminder by hand",
            "verbose_name_plural": "reminders by hand",
            "ordering": ("-id",),
            "default_permissions": (),
        },
    ),
    history(
        "HistoricalReminderCall",
        ("reminder by hand", "reminders by hand"),
        columns={
            "revision": models.PositiveIntegerField(verbose_name="revision"),
            "at": models.DateTimeField(db_default=Now(), verbose_name="when"),
            "people": models.PositiveIntegerField(verbose_name="people"),
        },
        keys={
            "by": key(settings.AUTH_USER_MODEL, verbose_name="by"),
            "notice": key("notices.notice", verbose_name="notice"),
            "person": key(settings.AUTH_USER_MODEL, verbose_name="one person alone"),
        },
        indexes={
            "newest": "notices_his_history_0691ad_idx",
            "stamp": "notices_his_history_8c9349_idx",
            "id": "notices_his_id_2e6664_idx",
            "notice": "notices_his_notice__600a77_idx",
        },
    ),
    migrations.CreateModel(
        name="ReminderMail",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("state", models.CharField(choices=MAIL_STATES, default="waiting", max_length=16, verbose_name="state")),
            ("attempts", models.PositiveSmallIntegerField(db_default=0, default=0, verbose_name="attempts")),
            ("crashes", models.PositiveSmallIntegerField(db_default=0, default=0, verbose_name="workers that died")),
            ("fence", models.BigIntegerField(null=True)),
            ("next_attempt_at", models.DateTimeField(verbose_name="next attempt")),
            ("changed_at", models.DateTimeField(db_default=Now(), verbose_name="since")),
            ("reason", models.TextField(blank=True, db_default="", default="", verbose_name="reason")),
            ("day", models.DateField(verbose_name="day")),
            ("leave_by", models.DateTimeField(verbose_name="leaves by")),
            (
                "person",
                models.ForeignKey(settings.AUTH_USER_MODEL, models.DO_NOTHING, db_constraint=False, db_index=False, verbose_name="person"),
            ),
        ],
        options={
            "verbose_name": "reminder mail",
            "verbose_name_plural": "reminder mails",
            "default_permissions": (),
            "indexes": [
                models.Index(condition=Q(state__in=("waiting", "retry")), fields=["next_attempt_at", "id"], name="reminder_mail_to_do"),
                models.Index(condition=Q(state="claimed"), fields=["fence"], name="reminder_mail_claimed"),
            ],
            "constraints": [
                models.CheckConstraint(
                    condition=Q(state__in=["waiting", "claimed", "retry", "sent", "failed", "unknown", "suppressed", "cancelled"]),
                    name="remindermail_state_is_known",
                ),
                models.UniqueConstraint(fields=("person", "day"), name="one_reminder_mail_a_day"),
            ],
        },
    ),
    migrations.CreateModel(
        name="Bounce",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            (
                "kind",
                models.CharField(
                    choices=[("hard", "Came back for good"), ("soft", "Came back"), ("delayed", "Delayed")],
                    max_length=16,
                    verbose_name="kind",
                ),
            ),
            ("code", models.CharField(blank=True, max_length=16, verbose_name="status code")),
            ("diagnostic", models.TextField(blank=True, verbose_name="what the mail server said")),
            ("at", models.DateTimeField(verbose_name="when")),
            ("taken_at", models.DateTimeField(db_default=Now(), verbose_name="taken")),
            ("digest", models.CharField(max_length=64, unique=True, verbose_name="digest of the report")),
            (
                "approval_mail",
                models.ForeignKey(
                    "notices.approvalmail",
                    models.DO_NOTHING,
                    db_constraint=False,
                    null=True,
                    related_name="bounces",
                    verbose_name="mail about an approval",
                ),
            ),
            (
                "delivery",
                models.ForeignKey(
                    "notices.delivery",
                    models.DO_NOTHING,
                    db_constraint=False,
                    null=True,
                    related_name="bounces",
                    verbose_name="delivery",
                ),
            ),
            ("person", models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="person")),
            (
                "reminder_mail",
                models.ForeignKey(
                    "notices.remindermail",
                    models.DO_NOTHING,
                    db_constraint=False,
                    null=True,
                    related_name="bounces",
                    verbose_name="reminder mail",
                ),
            ),
        ],
        options={
            "verbose_name": "mail that came back",
            "verbose_name_plural": "mails that came back",
            "default_permissions": (),
            "constraints": [
                models.CheckConstraint(condition=Q(kind__in=["hard", "soft", "delayed"]), name="bounce_kind_is_known"),
                models.CheckConstraint(
                    condition=Q(approval_mail__isnull=True, delivery__isnull=False, reminder_mail__isnull=True)
                    | Q(approval_mail__isnull=False, delivery__isnull=True, reminder_mail__isnull=True)
                    | Q(approval_mail__isnull=True, delivery__isnull=True, reminder_mail__isnull=False),
                    name="bounce_is_of_one_mail",
                ),
            ],
        },
    ),
    cascade("delivery_id", "notices_delivery"),
    cascade("approval_mail_id", "notices_approvalmail"),
    migrations.CreateModel(
        name="Reminder",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("revision", models.PositiveIntegerField(verbose_name="revision")),
            ("day", models.DateField(null=True, verbose_name="on schedule for")),
            ("noted_at", models.DateTimeField(db_default=Now(), verbose_name="noted")),
            (
                "needless",
                models.CharField(
                    blank=True,
                    choices=[("done", "Done before"), ("closed", "No longer asked"), ("off_show", "No longer on show")],
                    db_default="",
                    default="",
                    max_length=16,
                    verbose_name="why not",
                ),
            ),
            ("notice", models.ForeignKey("notices.notice", models.CASCADE, db_constraint=False, db_index=False, verbose_name="notice")),
            (
                "person",
                models.ForeignKey(settings.AUTH_USER_MODEL, models.DO_NOTHING, db_constraint=False, db_index=False, verbose_name="person"),
            ),
            (
                "call",
                models.ForeignKey(
                    "notices.remindercall",
                    models.CASCADE,
                    db_constraint=False,
                    db_index=False,
                    null=True,
                    related_name="reminders",
                    verbose_name="by hand",
                ),
            ),
            (
                "mail",
                models.ForeignKey(
                    "notices.remindermail",
                    models.DO_NOTHING,
                    db_constraint=False,
                    db_index=False,
                    null=True,
                    related_name="reminders",
                    verbose_name="mail",
                ),
            ),
        ],
        options={
            "verbose_name": "reminder",
            "verbose_name_plural": "reminders",
            "default_permissions": (),
            "indexes": [
                models.Index(condition=Q(mail__isnull=True, needless=""), fields=["person"], name="reminder_waiting"),
                models.Index(condition=Q(mail__isnull=False), fields=["mail"], name="reminder_of_mail"),
            ],
            "constraints": [
                models.CheckConstraint(condition=Q(day__isnull=True) ^ Q(call__isnull=True), name="reminder_has_one_cause"),
                models.UniqueConstraint(
                    condition=Q(day__isnull=False), fields=("notice", "revision", "person", "day"), name="one_reminder_per_day"
                ),
                models.UniqueConstraint(condition=Q(call__isnull=False), fields=("call", "person"), name="one_reminder_per_call"),
            ],
        },
    ),
]


class Migration(migrations.Migration):
    initial = True
    # A database that took these steps one by one has the tables.
    replaces = [
        ("notices", "0001_initial"),
        ("notices", "0003_restore_versions"),
        ("notices", "0004_search_history_by_name"),
        ("notices", "0005_name_rights"),
        ("notices", "0007_give_notices_a_department"),
        ("notices", "0008_record_approvals"),
        ("notices", "0009_deliver_by_claims"),
        ("notices", "0010_index_what_went_wrong"),
        ("notices", "0011_take_bounces"),
        ("notices", "0012_change_what_is_on_show"),
        ("notices", "0013_follow_audiences"),
        ("notices", "0015_remind"),
    ]
    dependencies = [
        ("audit", "0001_schema"),
        ("recipients", "0002_organisation"),
    ]

    operations = [Together(TABLES)]
