from django.contrib.postgres.indexes import GinIndex
from django.db import migrations, models
from django.db.models import Case, F, Q, Value, When

from audit.models.fields import words

NEWEST = (F("at").desc(), F("id").desc())
BY_HAND = Q(source__in=("form", "inbox"))
TOLD = words("reason", Case(When(BY_HAND, then=Value("")), default=F("source_detail"), output_field=models.TextField()))


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_seals")]

    operations = [
        migrations.RemoveIndex("entry", "entry_unattributed"),
        migrations.RenameIndex("entry", "entry_of_a_model_and_kind", old_name="entry_of_a_model"),
        migrations.AddIndex("entry", models.Index("model", *NEWEST, name="entry_of_a_model")),
        migrations.AddIndex("entry", models.Index("source", *NEWEST, name="entry_of_a_source")),
        migrations.AddIndex("entry", models.Index("source_detail", *NEWEST, name="entry_of_an_import", condition=Q(source="import"))),
        migrations.AddIndex("entry", GinIndex(TOLD, name="entry_words", condition=Q(reason__isnull=False) | ~BY_HAND)),
    ]
