"""Only administrators may erase who a former member of staff was."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("recipients", "0002_search_history_by_name")]
    operations = [
        migrations.AlterModelOptions(
            name="user",
            options={
                "ordering": ("last_name", "first_name", "id"),
                "permissions": [("anonymise_user", "Can erase who a former member of staff was")],
                "verbose_name": "person",
                "verbose_name_plural": "people",
            },
        )
    ]
