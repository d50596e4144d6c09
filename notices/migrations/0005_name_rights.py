"""Approving, exporting and granting are rights of their own."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("notices", "0004_search_history_by_name"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="notice",
            options={
                "permissions": [
                    ("publish_notice", "Can publish and withdraw notices"),
                    ("approve_notice", "Can approve notices that others wrote"),
                    ("export_notice", "Can export notices"),
                    ("grant_notice", "Can decide who may do what to notices"),
                    ("restore_notice", "Can take notices out of the trash"),
                    ("destroy_notice", "Can destroy notices for good"),
                    ("restore_version_notice", "Can take back earlier versions of notices"),
                ],
                "verbose_name": "notice",
                "verbose_name_plural": "notices",
            },
        ),
    ]
