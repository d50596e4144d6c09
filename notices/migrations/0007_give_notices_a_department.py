"""Whose notice it is: a right on the department carries rights on its notices."""

import django.db.models.deletion
from django.db import migrations, models

DEPARTMENT = {
    "blank": True,
    "db_index": False,
    "help_text": "Its authors write and keep this notice. It decides nothing about who gets it.",
    "limit_choices_to": {"kind": "department"},
    "null": True,
    "to": "recipients.recipient",
    "verbose_name": "department",
}


class Migration(migrations.Migration):
    dependencies = [
        ("notices", "0006_remember_unread_counts"),
        ("recipients", "0004_name_rights"),
    ]

    operations = [
        migrations.AddField(
            model_name="historicalnotice",
            name="department",
            field=models.ForeignKey(on_delete=django.db.models.deletion.DO_NOTHING, db_constraint=False, related_name="+", **DEPARTMENT),
        ),
        migrations.AddField(
            model_name="notice",
            name="department",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="own_notices", **DEPARTMENT),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                models.F("department"),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("department__isnull", False)),
                name="notice_by_department",
            ),
        ),
    ]
