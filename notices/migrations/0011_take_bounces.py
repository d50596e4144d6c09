"""What mail servers report about mails that they had taken."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


def cascade(column: str, table: str) -> migrations.RunSQL:
    """A bounce goes with its mail. Said to the database alone, so that Django deletes mails without looking for bounces of each."""
    name = f"notices_bounce_{column}"
    make = f"ALTER TABLE notices_bounce ADD CONSTRAINT {name} FOREIGN KEY ({column}) REFERENCES {table} (id) ON DELETE CASCADE"
    return migrations.RunSQL(make, f"ALTER TABLE notices_bounce DROP CONSTRAINT {name}")


class Migration(migrations.Migration):
    dependencies = [
        ("notices", "0010_index_what_went_wrong"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
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
                ("taken_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="taken")),
                ("digest", models.CharField(max_length=64, unique=True, verbose_name="digest of the report")),
                (
                    "approval_mail",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="bounces",
                        to="notices.approvalmail",
                        verbose_name="mail about an approval",
                    ),
                ),
                (
                    "delivery",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="bounces",
                        to="notices.delivery",
                        verbose_name="delivery",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="person"
                    ),
                ),
            ],
            options={
                "verbose_name": "mail that came back",
                "verbose_name_plural": "mails that came back",
                "default_permissions": (),
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("kind__in", ["hard", "soft", "delayed"])), name="bounce_kind_is_known"),
                    models.CheckConstraint(
                        condition=models.Q(("delivery__isnull", True), ("approval_mail__isnull", True), _connector="XOR"),
                        name="bounce_is_of_one_mail",
                    ),
                ],
            },
        ),
        cascade("delivery_id", "notices_delivery"),
        cascade("approval_mail_id", "notices_approvalmail"),
    ]
