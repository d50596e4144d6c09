"""An address to which mail comes back is marked; the mark goes with the address, whoever changes it and by whichever door."""

import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models

import audit.models.fields

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


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0007_make_list_exports"),
        ("recipients", "0006_import_spreadsheets"),
    ]

    operations = [
        migrations.CreateModel(
            name="AddressProblem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "cause",
                    models.CharField(
                        choices=[("refused", "Refused for good"), ("repeated", "Came back several times in a row")],
                        max_length=16,
                        verbose_name="cause",
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        blank=True, help_text="What mail servers call it, such as 5.1.1.", max_length=16, verbose_name="status code"
                    ),
                ),
                ("since", models.DateTimeField(verbose_name="since")),
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="address_problem",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "address that does not work",
                "verbose_name_plural": "addresses that do not work",
                "default_permissions": (),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("cause__in", ["refused", "repeated"])), name="address_problem_cause_is_known"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalAddressProblem",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, verbose_name="ID")),
                ("history_stamp", models.BigIntegerField()),
                (
                    "cause",
                    models.CharField(
                        choices=[("refused", "Refused for good"), ("repeated", "Came back several times in a row")],
                        max_length=16,
                        verbose_name="cause",
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        blank=True, help_text="What mail servers call it, such as 5.1.1.", max_length=16, verbose_name="status code"
                    ),
                ),
                ("since", models.DateTimeField(verbose_name="since")),
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
                    "person",
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
                "verbose_name": "historical address that does not work",
                "verbose_name_plural": "historical addresses that do not work",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["-history_date", "-history_id"], name="recipients__history_d13b9d_idx"),
                    models.Index(fields=["history_stamp"], name="recipients__history_7183c1_idx"),
                    models.Index(fields=["id", "-history_date", "-history_id"], name="recipients__id_c2e9ba_idx"),
                    models.Index(fields=["person", "-history_date", "-history_id"], name="recipients__person__3f1f21_idx"),
                ],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.RunSQL(FORGET, "DROP FUNCTION recipients_forget_address_problem()"),
        migrations.RunSQL(ON_CHANGED_ADDRESS, "DROP TRIGGER forget_address_problem ON recipients_user"),
    ]
