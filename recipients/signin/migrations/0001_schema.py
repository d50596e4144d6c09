"""Sessions, counts of failures, recovery codes; and the history of second steps, whose own table is django-otp's."""

from django.conf import settings
from django.db import migrations, models

from audit.migrations._tables import Together, history, key

TABLES = [
    migrations.CreateModel(
        name="FailureCount",
        fields=[
            ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
            ("count", models.PositiveIntegerField()),
            ("ends_at", models.DateTimeField(db_index=True)),
        ],
        options={"verbose_name": "count of failures", "verbose_name_plural": "counts of failures"},
    ),
    migrations.CreateModel(
        name="Session",
        fields=[
            ("session_key", models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="session key")),
            ("session_data", models.TextField(verbose_name="session data")),
            ("expire_date", models.DateTimeField(db_index=True, verbose_name="expire date")),
            ("person", models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")),
        ],
        options={"verbose_name": "session", "verbose_name_plural": "sessions", "abstract": False},
    ),
    history(
        "HistoricalTOTPDevice",
        ("TOTP device", "TOTP devices"),
        id_field=models.IntegerField,
        columns={
            "name": models.CharField(help_text="The human-readable name of this device.", max_length=64),
            "confirmed": models.BooleanField(default=True, help_text="Is this device ready for use?"),
            "created_at": models.DateTimeField(
                blank=True,
                editable=False,
                help_text="The date and time when this device was initially created in the system.",
                null=True,
            ),
            "step": models.PositiveSmallIntegerField(default=30, help_text="The time step in seconds."),
            "t0": models.BigIntegerField(default=0, help_text="The Unix time at which to begin counting steps."),
            "digits": models.PositiveSmallIntegerField(
                choices=[(6, 6), (8, 8)], default=6, help_text="The number of digits to expect in a token."
            ),
            "tolerance": models.PositiveSmallIntegerField(default=1, help_text="The number of time steps in the past or future to allow."),
        },
        keys={"user": key(settings.AUTH_USER_MODEL, help_text="The user that this device belongs to.")},
        indexes={
            "newest": "signin_hist_history_aa37f8_idx",
            "stamp": "signin_hist_history_adfc22_idx",
            "id": "signin_hist_id_81a264_idx",
            "user": "signin_hist_user_id_22fe5c_idx",
        },
    ),
    migrations.CreateModel(
        name="RecoveryCode",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("digest", models.CharField(editable=False, max_length=64)),
            ("used_at", models.DateTimeField(null=True, verbose_name="used")),
            ("user", models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")),
        ],
        options={
            "verbose_name": "recovery code",
            "verbose_name_plural": "recovery codes",
            "constraints": [models.UniqueConstraint(fields=("user", "digest"), name="unique_recovery_code")],
        },
    ),
    history(
        "HistoricalRecoveryCode",
        ("recovery code", "recovery codes"),
        columns={"used_at": models.DateTimeField(null=True, verbose_name="used")},
        keys={"user": key(settings.AUTH_USER_MODEL)},
        indexes={
            "newest": "signin_hist_history_5635aa_idx",
            "stamp": "signin_hist_history_5b2401_idx",
            "id": "signin_hist_id_d70f43_idx",
            "user": "signin_hist_user_id_4c75fc_idx",
        },
    ),
]


class Migration(migrations.Migration):
    initial = True
    # A database that took this step has the tables.
    replaces = [("signin", "0001_initial")]
    dependencies = [
        ("audit", "0001_schema"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [Together(TABLES)]
