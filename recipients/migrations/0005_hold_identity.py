"""Who a former member of staff was can be kept from being erased."""

from django.db import migrations, models

HOLD = {
    "default": False,
    "help_text": "While a dispute or an audit runs: who this person was is not erased.",
    "verbose_name": "identity on hold",
}


class Migration(migrations.Migration):
    dependencies = [("recipients", "0004_name_rights")]

    operations = [
        migrations.AddField(model_name="user", name="on_hold", field=models.BooleanField(**HOLD)),
        migrations.AddField(model_name="historicaluser", name="on_hold", field=models.BooleanField(**HOLD)),
    ]
