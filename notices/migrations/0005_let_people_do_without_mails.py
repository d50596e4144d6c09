import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models

import audit.models.fields


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0001_schema"),
        ("notices", "0004_cascade_from_reminders"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="category",
            name="mails_are_optional",
            field=models.BooleanField(
                default=False,
                help_text="Readers may choose to find these notices in their inbox alone. What is to be acknowledged is mailed to all.",
                verbose_name="mails are optional",
            ),
        ),
        migrations.AddField(
            model_name="historicalcategory",
            name="mails_are_optional",
            field=models.BooleanField(
                default=False,
                help_text="Readers may choose to find these notices in their inbox alone. What is to be acknowledged is mailed to all.",
                verbose_name="mails are optional",
            ),
        ),
        migrations.CreateModel(
            name="HistoricalMailOptOut",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, verbose_name="ID")),
                ("history_stamp", models.BigIntegerField()),
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
                    "category",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="notices.category",
                        verbose_name="category",
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
                    "user",
                    models.ForeignKey(
                        blank=True,
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
                "verbose_name": "historical mails done without",
                "verbose_name_plural": "historical mails done without",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["-history_date", "-history_id"], name="notices_his_history_406489_idx"),
                    models.Index(fields=["history_stamp"], name="notices_his_history_e2d970_idx"),
                    models.Index(fields=["id", "-history_date", "-history_id"], name="notices_his_id_3aaf50_idx"),
                    models.Index(fields=["category", "-history_date", "-history_id"], name="notices_his_categor_8da698_idx"),
                    models.Index(fields=["user", "-history_date", "-history_id"], name="notices_his_user_id_d7c676_idx"),
                ],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="MailOptOut",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "category",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, to="notices.category", verbose_name="category"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL, verbose_name="person"
                    ),
                ),
            ],
            options={
                "verbose_name": "mails done without",
                "verbose_name_plural": "mails done without",
                "default_permissions": (),
                "indexes": [models.Index(fields=["user"], name="opted_out_of")],
                "constraints": [models.UniqueConstraint(fields=("category", "user"), name="opted_out_once")],
            },
        ),
    ]
