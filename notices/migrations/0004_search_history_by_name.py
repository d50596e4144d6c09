from django.contrib.postgres.indexes import GinIndex
from django.db import migrations

from audit.models.fields import words


class Migration(migrations.Migration):
    dependencies = [("notices", "0003_restore_versions")]

    operations = [
        migrations.AddIndex("historicalcategory", GinIndex(words("name"), name="category_names_then")),
        migrations.AddIndex("historicalnotice", GinIndex(words("title"), name="notice_names_then")),
    ]
