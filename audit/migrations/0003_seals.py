import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_initial"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
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
                ("columns", django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=96))),
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
                (
                    "format",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, to="audit.sealformat"),
                ),
                (
                    "seal",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name="parts", to="audit.seal"
                    ),
                ),
            ],
            options={
                "default_permissions": (),
                "constraints": [models.UniqueConstraint(fields=("seal", "piece"), name="seal_piece_once")],
            },
        ),
        migrations.CreateModel(
            name="Verification",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("asked_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="time")),
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
                ("sentences", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list)),
                (
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "verification",
                "verbose_name_plural": "verifications",
                "default_permissions": (),
                "indexes": [models.Index(models.F("asked_at").desc(), name="verification_newest")],
            },
        ),
        # Random bytes: to try and compress them would take longer than to write them.
        migrations.RunSQL(
            "ALTER TABLE audit_sealpart ALTER row_ids SET STORAGE EXTERNAL, ALTER prints SET STORAGE EXTERNAL", migrations.RunSQL.noop
        ),
    ]
