"""What came back of a reminder goes with it, as of every other mail."""

from django.db import migrations

MAKE = """
    ALTER TABLE notices_bounce ADD CONSTRAINT notices_bounce_reminder_mail_id
    FOREIGN KEY (reminder_mail_id) REFERENCES notices_remindermail (id) ON DELETE CASCADE
"""


class Migration(migrations.Migration):
    dependencies = [("notices", "0003_record_moves")]
    operations = [migrations.RunSQL(MAKE, "ALTER TABLE notices_bounce DROP CONSTRAINT notices_bounce_reminder_mail_id")]
