"""Lists that are too long to be the answer at once: what was asked for, and what became of it."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models
from django.db.models import F


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0006_review_access"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="ListExport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("asked_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="asked for")),
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
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                        condition=models.Q(("state__in", ["making", "ready", "stopped", "refused", "failed", "gone"])),
                        name="list_export_state_is_known",
                    )
                ],
            },
        ),
    ]
