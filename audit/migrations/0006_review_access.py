"""Who may review who may do what; and the accesses of one person, or to one page, without reading them all."""

from django.db import migrations, models
from django.db.models import F


class Migration(migrations.Migration):
    dependencies = [("audit", "0005_seal_storage")]
    operations = [
        migrations.AlterModelOptions(
            name="accessrecord",
            options={
                "default_permissions": ("view",),
                "permissions": [("review_accessrecord", "Can review who may do what")],
                "verbose_name": "access",
                "verbose_name_plural": "access records",
            },
        ),
        migrations.AddIndex(
            model_name="accessrecord",
            index=models.Index("user", F("at").desc(), F("id").desc(), name="access_by_a_person"),
        ),
        migrations.AddIndex(
            model_name="accessrecord",
            index=models.Index("page", F("at").desc(), F("id").desc(), name="access_to_a_page"),
        ),
    ]
