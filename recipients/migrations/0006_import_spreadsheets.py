"""Imports of spreadsheets, and the plan of each while it is not decided."""

import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models

import audit.models.fields
import recipients.models.imports


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0007_make_list_exports"),
        ("recipients", "0005_hold_identity"),
    ]

    operations = [
        migrations.RunSQL("CREATE SEQUENCE recipients_importrow_number", "DROP SEQUENCE recipients_importrow_number"),
        migrations.CreateModel(
            name="Import",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("memberships", "Group memberships"),
                            ("groups", "Groups"),
                            ("recipients", "Recipients"),
                            ("people", "People and where they belong"),
                        ],
                        max_length=16,
                        verbose_name="what it holds",
                    ),
                ),
                (
                    "mode",
                    models.CharField(
                        choices=[("add", "Add"), ("update", "Add and update"), ("replace", "Replace")],
                        default="add",
                        max_length=8,
                        verbose_name="mode",
                    ),
                ),
                ("sets_aside", models.BooleanField(default=False, verbose_name="good rows now, bad rows set aside")),
                ("mails_when_done", models.BooleanField(default=False, verbose_name="send me an e-mail when it is done")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("reading", "Being read"),
                            ("unreadable", "Cannot be read"),
                            ("checked", "Ready to look at"),
                            ("applying", "Being imported"),
                            ("done", "Imported"),
                            ("undoing", "Being undone"),
                            ("undone", "Undone"),
                            ("stopped", "Stopped"),
                            ("failed", "Failed"),
                        ],
                        default="reading",
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
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
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="uploaded by",
                    ),
                ),
                (
                    "follows",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to="recipients.import", verbose_name="mends"
                    ),
                ),
                (
                    "undone_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="undone by",
                    ),
                ),
            ],
            options={
                "verbose_name": "import",
                "verbose_name_plural": "imports",
                "ordering": ("-id",),
                "default_permissions": ("add", "view"),
            },
        ),
        migrations.CreateModel(
            name="HistoricalImportFile",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, verbose_name="ID")),
                ("history_stamp", models.BigIntegerField()),
                ("part", models.PositiveSmallIntegerField(default=1, verbose_name="part")),
                ("file", models.TextField(max_length=100, verbose_name="file")),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                ("size", models.PositiveBigIntegerField(verbose_name="size")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("history_change_reason", models.TextField(null=True)),
                (
                    "history_id",
                    models.BigIntegerField(
                        db_default=audit.models.fields.NextValue("audit_history_id"), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("history_date", models.DateTimeField()),
                ("history_type", models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1)),
                (
                    "history_entry",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="audit.entry",
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="recipients.import",
                        verbose_name="import",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical file of an import",
                "verbose_name_plural": "historical files of imports",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
                "default_permissions": (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalImport",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, verbose_name="ID")),
                ("history_stamp", models.BigIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("memberships", "Group memberships"),
                            ("groups", "Groups"),
                            ("recipients", "Recipients"),
                            ("people", "People and where they belong"),
                        ],
                        max_length=16,
                        verbose_name="what it holds",
                    ),
                ),
                (
                    "mode",
                    models.CharField(
                        choices=[("add", "Add"), ("update", "Add and update"), ("replace", "Replace")],
                        default="add",
                        max_length=8,
                        verbose_name="mode",
                    ),
                ),
                ("sets_aside", models.BooleanField(default=False, verbose_name="good rows now, bad rows set aside")),
                ("mails_when_done", models.BooleanField(default=False, verbose_name="send me an e-mail when it is done")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("reading", "Being read"),
                            ("unreadable", "Cannot be read"),
                            ("checked", "Ready to look at"),
                            ("applying", "Being imported"),
                            ("done", "Imported"),
                            ("undoing", "Being undone"),
                            ("undone", "Undone"),
                            ("stopped", "Stopped"),
                            ("failed", "Failed"),
                        ],
                        default="reading",
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                ("created_at", models.DateTimeField(blank=True, editable=False, verbose_name="uploaded")),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                ("confirmed_at", models.DateTimeField(blank=True, null=True, verbose_name="confirmed")),
                ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="finished")),
                ("undone_at", models.DateTimeField(blank=True, null=True, verbose_name="undone")),
                ("history_change_reason", models.TextField(null=True)),
                (
                    "history_id",
                    models.BigIntegerField(
                        db_default=audit.models.fields.NextValue("audit_history_id"), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("history_date", models.DateTimeField()),
                ("history_type", models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="uploaded by",
                    ),
                ),
                (
                    "history_entry",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="audit.entry",
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "undone_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="undone by",
                    ),
                ),
                (
                    "follows",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="recipients.import",
                        verbose_name="mends",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical import",
                "verbose_name_plural": "historical imports",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
                "default_permissions": (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="ImportFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("part", models.PositiveSmallIntegerField(default=1, verbose_name="part")),
                ("file", models.FileField(upload_to=recipients.models.imports.stored_name, verbose_name="file")),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                ("size", models.PositiveBigIntegerField(verbose_name="size")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("answers", models.JSONField(blank=True, default=dict)),
                ("replaces", models.JSONField(blank=True, default=dict)),
                (
                    "batch",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="files",
                        to="recipients.import",
                        verbose_name="import",
                    ),
                ),
            ],
            options={
                "verbose_name": "file of an import",
                "verbose_name_plural": "files of imports",
                "ordering": ("batch", "part"),
                "default_permissions": (),
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
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="problems",
                        to="recipients.import",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="ImportRow",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "batch_id", "outcome", "number", blank=True, editable=False, primary_key=True, serialize=False
                    ),
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
                ("number", models.BigIntegerField(db_default=audit.models.fields.NextValue("recipients_importrow_number"))),
                ("part", models.PositiveSmallIntegerField(null=True)),
                ("line", models.BigIntegerField(null=True)),
                ("before", models.JSONField(null=True)),
                ("after", models.JSONField(null=True)),
                (
                    "batch",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rows",
                        to="recipients.import",
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="recipients.recipientgroup",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "recipient",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="recipients.recipient",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.AddIndex(
            model_name="import",
            index=models.Index(
                condition=models.Q(("content_digest", ""), _negated=True), fields=["content_digest"], name="import_by_content"
            ),
        ),
        migrations.AddIndex(
            model_name="historicalimportfile",
            index=models.Index(fields=["-history_date", "-history_id"], name="recipients__history_444bb6_idx"),
        ),
        migrations.AddIndex(
            model_name="historicalimportfile",
            index=models.Index(fields=["history_stamp"], name="recipients__history_537e95_idx"),
        ),
        migrations.AddIndex(
            model_name="historicalimportfile",
            index=models.Index(fields=["id", "-history_date", "-history_id"], name="recipients__id_db2449_idx"),
        ),
        migrations.AddIndex(
            model_name="historicalimportfile",
            index=models.Index(fields=["batch", "-history_date", "-history_id"], name="recipients__batch_i_cb486a_idx"),
        ),
        migrations.AddIndex(
            model_name="historicalimport",
            index=models.Index(fields=["-history_date", "-history_id"], name="recipients__history_abde61_idx"),
        ),
        migrations.AddIndex(
            model_name="historicalimport",
            index=models.Index(fields=["history_stamp"], name="recipients__history_488768_idx"),
        ),
        migrations.AddIndex(
            model_name="historicalimport",
            index=models.Index(fields=["id", "-history_date", "-history_id"], name="recipients__id_1d76fc_idx"),
        ),
        migrations.AddConstraint(
            model_name="importfile",
            constraint=models.UniqueConstraint(fields=("batch", "part"), name="one_file_for_a_part"),
        ),
        migrations.AddIndex(
            model_name="importproblem",
            index=models.Index(fields=["batch", "part", "line"], name="import_problems"),
        ),
        # Derived from the files, and read again if a crash of the server empties it.
        migrations.RunSQL("ALTER TABLE recipients_importrow SET UNLOGGED", "ALTER TABLE recipients_importrow SET LOGGED"),
    ]
