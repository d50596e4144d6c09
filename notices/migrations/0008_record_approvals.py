"""What was handed in and decided, over exactly what; and the state between review and publication."""

import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models

import audit.models.fields


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0006_review_access"),
        ("notices", "0007_give_notices_a_department"),
        ("recipients", "0004_name_rights"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Approval",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("revision", models.PositiveIntegerField(verbose_name="revision")),
                (
                    "decision",
                    models.CharField(
                        choices=[
                            ("submitted", "Submitted"),
                            ("approved", "Approved"),
                            ("returned", "Returned"),
                            ("rejected", "Rejected"),
                            ("bypassed", "Published without approval"),
                            ("lifted", "Need for approval lifted"),
                        ],
                        max_length=16,
                        verbose_name="decision",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="at")),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                ("digest", models.CharField(max_length=64, verbose_name="digest of what was approved")),
                ("people", models.PositiveIntegerField(verbose_name="people")),
            ],
            options={
                "verbose_name": "step of approval",
                "verbose_name_plural": "steps of approval",
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="ApprovalMail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("sent", "Sent"), ("failed", "Failed")],
                        default="waiting",
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                ("next_attempt_at", models.DateTimeField(verbose_name="next attempt")),
                ("reason", models.TextField(blank=True, default="", verbose_name="reason")),
            ],
            options={
                "verbose_name": "mail about an approval",
                "verbose_name_plural": "mails about approvals",
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="HistoricalApproval",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, verbose_name="ID")),
                ("history_stamp", models.BigIntegerField()),
                ("revision", models.PositiveIntegerField(verbose_name="revision")),
                (
                    "decision",
                    models.CharField(
                        choices=[
                            ("submitted", "Submitted"),
                            ("approved", "Approved"),
                            ("returned", "Returned"),
                            ("rejected", "Rejected"),
                            ("bypassed", "Published without approval"),
                            ("lifted", "Need for approval lifted"),
                        ],
                        max_length=16,
                        verbose_name="decision",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="at")),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                ("digest", models.CharField(max_length=64, verbose_name="digest of what was approved")),
                ("people", models.PositiveIntegerField(verbose_name="people")),
                ("history_change_reason", models.TextField(null=True)),
                (
                    "history_id",
                    models.BigIntegerField(
                        db_default=audit.models.fields.NextValue("audit_history_id"), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("history_date", models.DateTimeField()),
                ("history_type", models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1)),
            ],
            options={
                "verbose_name": "historical step of approval",
                "verbose_name_plural": "historical steps of approval",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
                "default_permissions": (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.AlterModelOptions(
            name="notice",
            options={
                "permissions": [
                    ("publish_notice", "Can publish and withdraw notices"),
                    ("approve_notice", "Can approve notices that others wrote"),
                    ("break_glass_notice", "Can publish notices without approval"),
                    ("export_notice", "Can export notices"),
                    ("grant_notice", "Can decide who may do what to notices"),
                    ("restore_notice", "Can take notices out of the trash"),
                    ("destroy_notice", "Can destroy notices for good"),
                    ("restore_version_notice", "Can take back earlier versions of notices"),
                ],
                "verbose_name": "notice",
                "verbose_name_plural": "notices",
            },
        ),
        migrations.RemoveConstraint(
            model_name="notice",
            name="notice_status_is_known",
        ),
        migrations.AddField(
            model_name="historicalnotice",
            name="bypassed_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="published without approval"),
        ),
        migrations.AddField(
            model_name="historicalnotice",
            name="needs_approval",
            field=models.BooleanField(db_default=False, default=False, verbose_name="needs approval"),
        ),
        migrations.AddField(
            model_name="notice",
            name="bypassed_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="published without approval"),
        ),
        migrations.AddField(
            model_name="notice",
            name="needs_approval",
            field=models.BooleanField(db_default=False, default=False, verbose_name="needs approval"),
        ),
        migrations.AlterField(
            model_name="category",
            name="needs_approval",
            field=models.BooleanField(
                default=False, help_text="Someone who did not write it has to approve it first.", verbose_name="needs approval"
            ),
        ),
        migrations.AlterField(
            model_name="historicalcategory",
            name="needs_approval",
            field=models.BooleanField(
                default=False, help_text="Someone who did not write it has to approve it first.", verbose_name="needs approval"
            ),
        ),
        migrations.AlterField(
            model_name="historicalnotice",
            name="status",
            field=models.CharField(
                choices=[
                    ("draft", "Draft"),
                    ("in_review", "In review"),
                    ("approved", "Approved"),
                    ("scheduled", "Scheduled"),
                    ("published", "Published"),
                    ("withdrawn", "Withdrawn"),
                ],
                default="draft",
                max_length=16,
                verbose_name="status",
            ),
        ),
        migrations.AlterField(
            model_name="notice",
            name="status",
            field=models.CharField(
                choices=[
                    ("draft", "Draft"),
                    ("in_review", "In review"),
                    ("approved", "Approved"),
                    ("scheduled", "Scheduled"),
                    ("published", "Published"),
                    ("withdrawn", "Withdrawn"),
                ],
                default="draft",
                max_length=16,
                verbose_name="status",
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["draft", "in_review", "approved", "scheduled", "published", "withdrawn"])),
                name="notice_status_is_known",
            ),
        ),
        migrations.AddField(
            model_name="approval",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="by"
            ),
        ),
        migrations.AddField(
            model_name="approval",
            name="notice",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="approvals", to="notices.notice", verbose_name="notice"
            ),
        ),
        migrations.AddField(
            model_name="approvalmail",
            name="approval",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="mails",
                to="notices.approval",
                verbose_name="step of approval",
            ),
        ),
        migrations.AddField(
            model_name="approvalmail",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="person"
            ),
        ),
        migrations.AddField(
            model_name="historicalapproval",
            name="by",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="by",
            ),
        ),
        migrations.AddField(
            model_name="historicalapproval",
            name="history_entry",
            field=models.ForeignKey(
                db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="audit.entry"
            ),
        ),
        migrations.AddField(
            model_name="historicalapproval",
            name="history_user",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="historicalapproval",
            name="notice",
            field=models.ForeignKey(
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
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.CheckConstraint(
                condition=models.Q(("decision__in", ["submitted", "approved", "returned", "rejected", "bypassed", "lifted"])),
                name="approval_decision_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.CheckConstraint(
                condition=models.Q(("decision__in", ["submitted", "approved"]), models.Q(("reason", ""), _negated=True), _connector="OR"),
                name="approval_says_why",
                violation_error_message="Say why.",
            ),
        ),
        migrations.AddIndex(
            model_name="approvalmail",
            index=models.Index(condition=models.Q(("state", "waiting")), fields=["next_attempt_at"], name="approval_mail_to_do"),
        ),
        migrations.AddConstraint(
            model_name="approvalmail",
            constraint=models.UniqueConstraint(fields=("approval", "person"), name="one_mail_per_step_and_person"),
        ),
        migrations.AddConstraint(
            model_name="approvalmail",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["waiting", "sent", "failed"])), name="approval_mail_state_is_known"
            ),
        ),
        migrations.AddIndex(
            model_name="historicalapproval",
            index=models.Index(fields=["-history_date", "-history_id"], name="notices_his_history_907ea6_idx"),
        ),
        migrations.AddIndex(
            model_name="historicalapproval",
            index=models.Index(fields=["history_stamp"], name="notices_his_history_8a7b76_idx"),
        ),
        migrations.AddIndex(
            model_name="historicalapproval",
            index=models.Index(fields=["id", "-history_date", "-history_id"], name="notices_his_id_1d4984_idx"),
        ),
        migrations.AddIndex(
            model_name="historicalapproval",
            index=models.Index(fields=["notice", "-history_date", "-history_id"], name="notices_his_notice__f5e4d8_idx"),
        ),
    ]
