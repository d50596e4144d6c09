from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("notices", "0001_initial")]

    operations = [
        migrations.AlterModelOptions(
            name="notice",
            options={
                "permissions": [
                    ("publish_notice", "Can publish and withdraw notices"),
                    ("restore_notice", "Can take notices out of the trash"),
                    ("destroy_notice", "Can destroy notices for good"),
                    ("restore_version_notice", "Can take back earlier versions of notices"),
                ],
                "verbose_name": "notice",
                "verbose_name_plural": "notices",
            },
        ),
    ]
