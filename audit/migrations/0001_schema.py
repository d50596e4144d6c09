"""The trail, its seals, and the exports of lists. Of people it needs the table alone; their histories come after it."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import migrations, models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Now

from audit.models.fields import NextValue, words

NEWEST = (F("at").desc(), F("id").desc())
BY_HAND = Q(source__in=("form", "inbox"))
TOLD = words("reason", Case(When(BY_HAND, then=Value("")), default=F("source_detail"), output_field=models.TextField()))


class Migration(migrations.Migration):
    initial = True
    # A database that took these steps one by one has the tables.
    replaces = [
        ("audit", "0001_initial"),
        ("audit", "0002_initial"),
        ("audit", "0003_seals"),
        ("audit", "0004_timeline"),
        ("audit", "0005_seal_storage"),
        ("audit", "0006_review_access"),
        ("audit", "0007_make_list_exports"),
    ]
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        # One sequence numbers the rows of every history table, so a number names a row of the whole trail.
        migrations.RunSQL("CREATE SEQUENCE audit_history_id", "DROP SEQUENCE audit_history_id"),
        migrations.RunSQL("CREATE SEQUENCE audit_entry_id", "DROP SEQUENCE audit_entry_id"),
        migrations.CreateModel(
            name="AccessRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(db_default=Now(), verbose_name="time")),
                (
                    "kind",
                    models.CharField(
                        choices=[("view", "Looked at"), ("export", "Exported"), ("verify", "Verified")],
                        max_length=8,
                        verbose_name="what was done",
                    ),
                ),
                ("page", models.CharField(max_length=64, verbose_name="page")),
                ("model", models.CharField(blank=True, max_length=64, verbose_name="kind of thing")),
                ("object_id", models.BigIntegerField(null=True)),
                ("detail", models.TextField(blank=True, verbose_name="filters")),
                ("rows", models.BigIntegerField(null=True, verbose_name="rows")),
                ("history_stamp", models.BigIntegerField()),
                (
                    "user",
                    models.ForeignKey(
                        settings.AUTH_USER_MODEL,
                        models.DO_NOTHING,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        related_name="+",
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "access",
                "verbose_name_plural": "access records",
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(*NEWEST, name="access_newest"),
                    models.Index("history_stamp", name="access_by_stamp"),
                    models.Index("user", *NEWEST, name="access_by_a_person"),
                    models.Index("page", *NEWEST, name="access_to_a_page"),
                ],
                "permissions": [("review_accessrecord", "Can review who may do what")],
            },
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("id", models.BigIntegerField(db_default=NextValue("audit_entry_id"), primary_key=True, serialize=False)),
                ("at", models.DateTimeField(verbose_name="time")),
                ("reason", models.TextField(null=True, verbose_name="reason")),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("form", "Back office"),
                            ("inbox", "Inbox"),
                            ("import", "Import"),
                            ("task", "Background task"),
                            ("command", "Command"),
                            ("program", "Program"),
                            ("", "Unattributed"),
                        ],
                        max_length=16,
                        verbose_name="source",
                    ),
                ),
                ("source_detail", models.TextField(null=True, verbose_name="through")),
                ("operation", models.BigIntegerField()),
                ("model", models.CharField(max_length=64, verbose_name="kind of thing")),
                (
                    "kind",
                    models.CharField(
                        choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1, verbose_name="what happened"
                    ),
                ),
                ("count", models.BigIntegerField(verbose_name="rows")),
                ("history_first", models.BigIntegerField()),
                ("history_last", models.BigIntegerField()),
                ("object_id", models.BigIntegerField(null=True)),
                ("subject_id", models.BigIntegerField(null=True)),
                ("db_role", models.CharField(max_length=64, null=True, verbose_name="database role")),
                ("db_application", models.CharField(max_length=64, null=True, verbose_name="program")),
                ("history_stamp", models.BigIntegerField()),
                (
                    "user",
                    models.ForeignKey(
                        settings.AUTH_USER_MODEL,
                        models.DO_NOTHING,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        related_name="+",
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "entry",
                "verbose_name_plural": "timeline",
                "permissions": [("export_entry", "Can export the timeline")],
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(*NEWEST, name="entry_newest"),
                    models.Index("user", *NEWEST, name="entry_of_a_person"),
                    models.Index("model", "kind", *NEWEST, name="entry_of_a_model_and_kind"),
                    models.Index("kind", *NEWEST, name="entry_of_a_kind"),
                    models.Index("operation", name="entry_of_an_operation"),
                    models.Index("history_stamp", name="entry_by_stamp"),
                    models.Index("model", *NEWEST, name="entry_of_a_model"),
                    models.Index("source", *NEWEST, name="entry_of_a_source"),
                    models.Index("source_detail", *NEWEST, condition=Q(source="import"), name="entry_of_an_import"),
                    GinIndex(TOLD, condition=Q(reason__isnull=False) | ~BY_HAND, name="entry_words"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Epoch",
            fields=[
                ("number", models.PositiveIntegerField(primary_key=True, serialize=False, verbose_name="number")),
                ("started_at", models.DateTimeField(verbose_name="since")),
                ("reason", models.TextField(verbose_name="reason")),
                ("system_identifier", models.CharField(max_length=32)),
                ("history_stamp", models.BigIntegerField()),
                (
                    "user",
                    models.ForeignKey(
                        settings.AUTH_USER_MODEL,
                        models.DO_NOTHING,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        related_name="+",
                        verbose_name="person",
                    ),
                ),
            ],
            options={"verbose_name": "epoch", "verbose_name_plural": "epochs", "default_permissions": ()},
        ),
        migrations.CreateModel(
            name="Erasure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(db_default=Now(), verbose_name="time")),
                ("model", models.CharField(max_length=64, verbose_name="kind of thing")),
                ("object_id", models.BigIntegerField(verbose_name="number")),
                ("reason", models.TextField(verbose_name="reason")),
                ("rows", models.BigIntegerField(verbose_name="versions")),
                ("history_stamp", models.BigIntegerField()),
                (
                    "user",
                    models.ForeignKey(
                        settings.AUTH_USER_MODEL,
                        models.DO_NOTHING,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        related_name="+",
                        verbose_name="by",
                    ),
                ),
            ],
            options={
                "verbose_name": "erasure",
                "verbose_name_plural": "erasures",
                "default_permissions": ("view",),
                "indexes": [
                    models.Index("model", "object_id", name="erasure_of_an_object"),
                    models.Index("history_stamp", name="erasure_by_stamp"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Seal",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False, verbose_name="number")),
                ("sealed_at", models.DateTimeField(verbose_name="sealed")),
                ("epoch", models.PositiveIntegerField()),
                ("system_identifier", models.CharField(max_length=32)),
                ("from_stamp", models.BigIntegerField()),
                ("to_stamp", models.BigIntegerField()),
                ("rows", models.BigIntegerField(verbose_name="rows")),
                ("rows_in_total", models.BigIntegerField(verbose_name="rows in total")),
                ("previous", models.BinaryField()),
                ("digest", models.BinaryField()),
                ("signature", models.BinaryField()),
                ("key_id", models.CharField(max_length=64)),
            ],
            options={
                "verbose_name": "seal",
                "verbose_name_plural": "seals",
                "permissions": [("start_epoch_seal", "Can start a new epoch after a restore")],
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="SealFormat",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("table", models.CharField(max_length=63)),
                ("columns", ArrayField(models.CharField(max_length=96))),
            ],
            options={
                "default_permissions": (),
                "constraints": [models.UniqueConstraint(fields=("table", "columns"), name="seal_format_once")],
            },
        ),
        migrations.CreateModel(
            name="SealPart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("piece", models.PositiveIntegerField()),
                ("from_stamp", models.BigIntegerField()),
                ("to_stamp", models.BigIntegerField()),
                ("after_id", models.BigIntegerField(null=True)),
                ("until_id", models.BigIntegerField(null=True)),
                ("rows", models.PositiveIntegerField()),
                ("digest", models.BinaryField()),
                ("row_ids", models.BinaryField()),
                ("prints", models.BinaryField()),
                ("format", models.ForeignKey("audit.sealformat", models.DO_NOTHING, db_index=False)),
                ("seal", models.ForeignKey("audit.seal", models.DO_NOTHING, db_index=False, related_name="parts")),
            ],
            options={"default_permissions": (), "constraints": [models.UniqueConstraint(fields=("seal", "piece"), name="seal_piece_once")]},
        ),
        # Keys and prints are kept as they are: PostgreSQL would try for seconds to compress what hardly can be.
        migrations.RunSQL(
            "ALTER TABLE audit_sealpart ALTER row_ids SET STORAGE EXTERNAL, ALTER prints SET STORAGE EXTERNAL", migrations.RunSQL.noop
        ),
        migrations.CreateModel(
            name="Verification",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("asked_at", models.DateTimeField(db_default=Now(), verbose_name="time")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Running"),
                            ("intact", "Intact"),
                            ("incomplete", "Intact, with reservations"),
                            ("tampered", "Tampered with"),
                            ("failed", "Could not run"),
                        ],
                        default="waiting",
                        max_length=12,
                        verbose_name="result",
                    ),
                ),
                ("finished_at", models.DateTimeField(null=True)),
                ("beat_at", models.DateTimeField(null=True)),
                ("rows_expected", models.BigIntegerField(default=0)),
                ("rows_done", models.BigIntegerField(default=0)),
                ("sentences", ArrayField(models.TextField(), default=list)),
                (
                    "user",
                    models.ForeignKey(
                        settings.AUTH_USER_MODEL,
                        models.DO_NOTHING,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        related_name="+",
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "verification",
                "verbose_name_plural": "verifications",
                "default_permissions": (),
                "indexes": [models.Index(F("asked_at").desc(), name="verification_newest")],
            },
        ),
        migrations.CreateModel(
            name="ListExport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("asked_at", models.DateTimeField(db_default=Now(), verbose_name="asked for")),
                ("list_name", models.CharField(max_length=64, verbose_name="list")),
                ("object_id", models.BigIntegerField(null=True)),
                ("query", models.TextField(blank=True)),
                ("words", models.TextField(blank=True, verbose_name="filters")),
                ("format", models.CharField(max_length=8, verbose_name="format")),
                ("rows", models.BigIntegerField(verbose_name="rows")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("making", "Under way"),
                            ("ready", "Ready"),
                            ("stopped", "Stopped"),
                            ("refused", "Refused"),
                            ("failed", "Failed"),
                            ("gone", "No longer kept"),
                        ],
                        default="making",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("problem", models.TextField(blank=True)),
                ("of_all", models.BooleanField(default=False)),
                ("file", models.CharField(max_length=128)),
                ("size", models.BigIntegerField(default=0, verbose_name="size")),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        settings.AUTH_USER_MODEL,
                        models.DO_NOTHING,
                        db_constraint=False,
                        db_index=False,
                        related_name="+",
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "export of a list",
                "verbose_name_plural": "exports of lists",
                "default_permissions": (),
                "indexes": [models.Index("user", F("asked_at").desc(), F("id").desc(), name="list_exports_of_a_person")],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(state__in=["making", "ready", "stopped", "refused", "failed", "gone"]),
                        name="list_export_state_is_known",
                    )
                ],
            },
        ),
    ]
