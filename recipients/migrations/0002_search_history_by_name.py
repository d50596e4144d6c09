from django.contrib.postgres.indexes import GinIndex
from django.db import migrations

from audit.models.fields import words

PERSON = ("first_name", "last_name", "username", "email", "employee_number")


class Migration(migrations.Migration):
    dependencies = [("recipients", "0001_initial")]

    operations = [
        migrations.AddIndex("historicalgroup", GinIndex(words("name"), name="group_names_then")),
        migrations.AddIndex("historicalrecipient", GinIndex(words("name", "code"), name="recipient_names_then")),
        migrations.AddIndex("historicalrecipientgroup", GinIndex(words("name", "code"), name="recipientgroup_names_then")),
        migrations.AddIndex("historicaluser", GinIndex(words(*PERSON), name="user_names_then")),
    ]
