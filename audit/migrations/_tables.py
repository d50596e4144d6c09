"""How migrations of ours make many tables."""

from collections.abc import Sequence
from typing import Any

import simple_history.models
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.operations.base import Operation

from audit.models.fields import NextValue

VALUES = {"db_constraint": False, "db_index": False, "related_name": "+"}


class Together(Operation):
    """Operations of which none needs the models that another makes: these are rendered once, after them all.

    Django would render, for each table that is made, all models that hang together with it: about ninety, ninety times.
    """

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.operations = operations
        self.reversible = all(one.reversible for one in operations)
        self.reduces_to_sql = all(one.reduces_to_sql for one in operations)

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.__dict__.pop("apps", None)  # the rendered models, which Django makes again when somebody asks
        for one in self.operations:
            one.state_forwards(app_label, state)

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        for one in self.operations:
            one.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        for one in reversed(self.operations):
            one.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        return f"Take {len(self.operations)} steps together"


def key(to: str, **options: Any) -> models.ForeignKey:
    """The number of a row that may be gone."""
    return models.ForeignKey(to, models.DO_NOTHING, blank=True, null=True, **VALUES, **options)


def history(
    name: str,
    called: tuple[str, str],
    *,
    columns: dict[str, models.Field] | None = None,
    keys: dict[str, models.ForeignKey],
    indexes: dict[str, str],
    searched: models.Index | None = None,
    id_field: type[models.Field] = models.BigIntegerField,
) -> migrations.CreateModel:
    """A history table as simple-history makes it for a model.

    `indexes` are names by what they find: the newest rows, those of a transaction (`stamp`), the versions of a row or of its parts.
    """
    newest = ["-history_date", "-history_id"]
    fields = {"newest": newest, "stamp": ["history_stamp"]}
    keys = keys | {
        "history_entry": models.ForeignKey("audit.entry", models.DO_NOTHING, **VALUES),
        "history_user": models.ForeignKey(settings.AUTH_USER_MODEL, models.DO_NOTHING, null=True, **VALUES),
    }
    return migrations.CreateModel(
        name=name,
        fields=[
            ("id", id_field(auto_created=True, blank=True, verbose_name="ID")),
            ("history_stamp", models.BigIntegerField()),
            *(columns or {}).items(),
            ("history_change_reason", models.TextField(null=True)),
            (
                "history_id",
                models.BigIntegerField(db_default=NextValue("audit_history_id"), editable=False, primary_key=True, serialize=False),
            ),
            ("history_date", models.DateTimeField()),
            ("history_type", models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1)),
            *sorted(keys.items()),
        ],
        options={
            "verbose_name": f"historical {called[0]}",
            "verbose_name_plural": f"historical {called[1]}",
            "ordering": ("-history_date", "-history_id"),
            "get_latest_by": ("history_date", "history_id"),
            "default_permissions": (),
            "indexes": [
                *(models.Index(fields=fields.get(what, [what, *newest]), name=index) for what, index in indexes.items()),
                *([searched] if searched else []),
            ],
        },
        bases=(simple_history.models.HistoricalChanges, models.Model),
    )
