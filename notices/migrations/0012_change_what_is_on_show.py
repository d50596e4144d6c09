"""Changing a notice that is on show: the change that is written beside it, and the steps of approval about it."""

import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models

import audit.models.fields
import backoffice.richtext_field
import notices.models.notice


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0007_make_list_exports"),
        ("notices", "0011_take_bounces"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Amendment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(verbose_name="number")),
                ("base_version", models.PositiveIntegerField(verbose_name="version of the notice")),
                ("title", models.CharField(max_length=200, verbose_name="title")),
                ("content", backoffice.richtext_field.RichTextField(verbose_name="content")),
                (
                    "end_date",
                    models.DateField(
                        blank=True, help_text="The last day on show. Empty: until it is withdrawn.", null=True, verbose_name="on show until"
                    ),
                ),
                ("due_date", models.DateField(blank=True, null=True, verbose_name="acknowledge by")),
                (
                    "kind",
                    models.CharField(
                        blank=True,
                        choices=[("typo", "Typo"), ("material", "Material"), ("tell", "Tell only")],
                        max_length=16,
                        verbose_name="kind of change",
                    ),
                ),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Being written"),
                            ("waiting", "Waits for a second person"),
                            ("applied", "Made"),
                            ("discarded", "Discarded"),
                        ],
                        default="draft",
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                ("version", models.PositiveIntegerField(default=0, verbose_name="version")),
                ("begun_at", models.DateTimeField(verbose_name="begun")),
                ("decided_at", models.DateTimeField(null=True, verbose_name="decided")),
                ("decision_reason", models.TextField(blank=True, verbose_name="reason of the decision")),
                ("revision", models.PositiveIntegerField(null=True, verbose_name="revision")),
                ("people", models.PositiveIntegerField(null=True, verbose_name="people told")),
                ("acknowledged", models.PositiveIntegerField(null=True, verbose_name="acknowledgements until then")),
                ("content_before", models.CharField(blank=True, max_length=64, verbose_name="digest of the content before")),
                ("content_after", models.CharField(blank=True, max_length=64, verbose_name="digest of the content after")),
                ("summary", models.TextField(blank=True, verbose_name="what changed, in words")),
                (
                    "by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="written or handed in by",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="decided by",
                    ),
                ),
                (
                    "notice",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="amendments",
                        to="notices.notice",
                        verbose_name="notice",
                    ),
                ),
            ],
            options={
                "verbose_name": "change of a notice on show",
                "verbose_name_plural": "changes of notices on show",
                "ordering": ("number",),
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="AmendedFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("takes_off", models.BigIntegerField(null=True, verbose_name="attachment that is taken off")),
                ("file", models.FileField(upload_to=notices.models.notice.attachment_path, verbose_name="file")),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                ("content_type", models.CharField(blank=True, max_length=100, verbose_name="type")),
                ("size", models.PositiveBigIntegerField(default=0, help_text="In bytes.", verbose_name="size")),
                ("sha256", models.CharField(blank=True, max_length=64, verbose_name="SHA-256")),
                (
                    "amendment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="files", to="notices.amendment", verbose_name="change"
                    ),
                ),
            ],
            options={
                "verbose_name": "file of a change",
                "verbose_name_plural": "files of a change",
                "ordering": ("id",),
                "default_permissions": (),
            },
        ),
        migrations.AddField(
            model_name="approval",
            name="amendment",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="steps",
                to="notices.amendment",
                verbose_name="change of what is on show",
            ),
        ),
        migrations.AddField(
            model_name="historicalapproval",
            name="amendment",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="notices.amendment",
                verbose_name="change of what is on show",
            ),
        ),
        migrations.CreateModel(
            name="HistoricalAmendedFile",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, verbose_name="ID")),
                ("history_stamp", models.BigIntegerField()),
                ("takes_off", models.BigIntegerField(null=True, verbose_name="attachment that is taken off")),
                ("file", models.TextField(max_length=100, verbose_name="file")),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                ("content_type", models.CharField(blank=True, max_length=100, verbose_name="type")),
                ("size", models.PositiveBigIntegerField(default=0, help_text="In bytes.", verbose_name="size")),
                ("sha256", models.CharField(blank=True, max_length=64, verbose_name="SHA-256")),
                ("history_change_reason", models.TextField(null=True)),
                (
                    "history_id",
                    models.BigIntegerField(
                        db_default=audit.models.fields.NextValue("audit_history_id"), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("history_date", models.DateTimeField()),
                ("history_type", models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1)),
                (
                    "amendment",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="notices.amendment",
                        verbose_name="change",
                    ),
                ),
                (
                    "history_entry",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="audit.entry",
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "historical file of a change",
                "verbose_name_plural": "historical files of a change",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
                "default_permissions": (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalAmendment",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, verbose_name="ID")),
                ("history_stamp", models.BigIntegerField()),
                ("number", models.PositiveIntegerField(verbose_name="number")),
                ("base_version", models.PositiveIntegerField(verbose_name="version of the notice")),
                ("title", models.CharField(max_length=200, verbose_name="title")),
                ("content", backoffice.richtext_field.RichTextField(verbose_name="content")),
                (
                    "end_date",
                    models.DateField(
                        blank=True, help_text="The last day on show. Empty: until it is withdrawn.", null=True, verbose_name="on show until"
                    ),
                ),
                ("due_date", models.DateField(blank=True, null=True, verbose_name="acknowledge by")),
                (
                    "kind",
                    models.CharField(
                        blank=True,
                        choices=[("typo", "Typo"), ("material", "Material"), ("tell", "Tell only")],
                        max_length=16,
                        verbose_name="kind of change",
                    ),
                ),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Being written"),
                            ("waiting", "Waits for a second person"),
                            ("applied", "Made"),
                            ("discarded", "Discarded"),
                        ],
                        default="draft",
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                ("begun_at", models.DateTimeField(verbose_name="begun")),
                ("decided_at", models.DateTimeField(null=True, verbose_name="decided")),
                ("decision_reason", models.TextField(blank=True, verbose_name="reason of the decision")),
                ("revision", models.PositiveIntegerField(null=True, verbose_name="revision")),
                ("people", models.PositiveIntegerField(null=True, verbose_name="people told")),
                ("acknowledged", models.PositiveIntegerField(null=True, verbose_name="acknowledgements until then")),
                ("content_before", models.CharField(blank=True, max_length=64, verbose_name="digest of the content before")),
                ("content_after", models.CharField(blank=True, max_length=64, verbose_name="digest of the content after")),
                ("summary", models.TextField(blank=True, verbose_name="what changed, in words")),
                ("history_change_reason", models.TextField(null=True)),
                (
                    "history_id",
                    models.BigIntegerField(
                        db_default=audit.models.fields.NextValue("audit_history_id"), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("history_date", models.DateTimeField()),
                ("history_type", models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1)),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="written or handed in by",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="decided by",
                    ),
                ),
                (
                    "history_entry",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="audit.entry",
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "notice",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="notices.notice",
                        verbose_name="notice",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical change of a notice on show",
                "verbose_name_plural": "historical changes of notices on show",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
                "default_permissions": (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.AddConstraint(
            model_name="amendment",
            constraint=models.UniqueConstraint(fields=("notice", "number"), name="amendment_number_within_notice"),
        ),
        migrations.AddConstraint(
            model_name="amendment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["draft", "waiting"])), fields=("notice",), name="one_open_amendment_of_a_notice"
            ),
        ),
        migrations.AddConstraint(
            model_name="amendment",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["draft", "waiting", "applied", "discarded"])), name="amendment_state_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="amendment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["draft", "discarded"]),
                    models.Q(("kind__in", ["typo", "material", "tell"]), models.Q(("reason", ""), _negated=True)),
                    _connector="OR",
                ),
                name="amendment_says_what_and_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="amendedfile",
            constraint=models.UniqueConstraint(fields=("amendment", "takes_off"), name="amendment_takes_a_file_off_once"),
        ),
        migrations.AddIndex(
            model_name="historicalamendedfile",
            index=models.Index(fields=["-history_date", "-history_id"], name="notices_his_history_0065e0_idx"),
        ),
        migrations.AddIndex(
            model_name="historicalamendedfile",
            index=models.Index(fields=["history_stamp"], name="notices_his_history_63533c_idx"),
        ),
        migrations.AddIndex(
            model_name="historicalamendedfile",
            index=models.Index(fields=["id", "-history_date", "-history_id"], name="notices_his_id_3740c6_idx"),
        ),
        migrations.AddIndex(
            model_name="historicalamendedfile",
            index=models.Index(fields=["amendment", "-history_date", "-history_id"], name="notices_his_amendme_969518_idx"),
        ),
        migrations.AddIndex(
            model_name="historicalamendment",
            index=models.Index(fields=["-history_date", "-history_id"], name="notices_his_history_f6540f_idx"),
        ),
        migrations.AddIndex(
            model_name="historicalamendment",
            index=models.Index(fields=["history_stamp"], name="notices_his_history_fed744_idx"),
        ),
        migrations.AddIndex(
            model_name="historicalamendment",
            index=models.Index(fields=["id", "-history_date", "-history_id"], name="notices_his_id_c5ba31_idx"),
        ),
        migrations.AddIndex(
            model_name="historicalamendment",
            index=models.Index(fields=["notice", "-history_date", "-history_id"], name="notices_his_notice__8953f1_idx"),
        ),
    ]
