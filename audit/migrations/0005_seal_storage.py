"""Keys and prints of a part are kept as they are: PostgreSQL would try for seconds to compress what hardly can be."""

from django.db import migrations

COLUMNS = ("row_ids", "prints")


def storage(kind: str) -> list[str]:
    return [f"ALTER TABLE audit_sealpart ALTER COLUMN {column} SET STORAGE {kind}" for column in COLUMNS]


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_timeline")]
    operations = [migrations.RunSQL(storage("EXTERNAL"), storage("EXTENDED"))]
