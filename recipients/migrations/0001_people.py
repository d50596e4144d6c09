"""People. First of all tables of ours: every other app points at them."""

from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import migrations, models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from recipients.models.people import PeopleManager, validate_time_zone


class Migration(migrations.Migration):
    initial = True
    # A database that took this step has the table, and those of the next file.
    replaces = [("recipients", "0001_initial")]
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.CreateModel(
            name="User",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                (
                    "username",
                    models.CharField(
                        error_messages={"unique": "A user with that username already exists."},
                        help_text="Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.",
                        max_length=150,
                        unique=True,
                        validators=[UnicodeUsernameValidator()],
                        verbose_name="username",
                    ),
                ),
                ("first_name", models.CharField(blank=True, max_length=150, verbose_name="first name")),
                ("last_name", models.CharField(blank=True, max_length=150, verbose_name="last name")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="email address")),
                (
                    "is_staff",
                    models.BooleanField(
                        default=False, help_text="Designates whether the user can log into this admin site.", verbose_name="staff status"
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Designates whether this user should be treated as active. Unselect this instead of deleting accounts.",
                        verbose_name="active",
                    ),
                ),
                ("date_joined", models.DateTimeField(default=timezone.now, verbose_name="date joined")),  # noqa: TID251 - Django's own
                ("employee_number", models.CharField(blank=True, max_length=32, null=True, unique=True, verbose_name="employee number")),
                ("job_title", models.CharField(blank=True, max_length=120, verbose_name="job title")),
                ("password_changed_at", models.DateTimeField(blank=True, null=True, verbose_name="password set")),
                (
                    "time_zone",
                    models.CharField(
                        blank=True,
                        help_text="Such as “Europe/London”. Empty: the organisation's own.",
                        max_length=64,
                        validators=[validate_time_zone],
                        verbose_name="time zone",
                    ),
                ),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
                (
                    "on_hold",
                    models.BooleanField(
                        default=False,
                        help_text="While a dispute or an audit runs: who this person was is not erased.",
                        verbose_name="identity on hold",
                    ),
                ),
            ],
            options={
                "verbose_name": "person",
                "verbose_name_plural": "people",
                "ordering": ("last_name", "first_name", "id"),
                "indexes": [models.Index(fields=["last_name", "first_name", "id"], name="people_by_name")],
                "constraints": [
                    models.UniqueConstraint(
                        Lower("email"),
                        condition=~Q(email=""),
                        name="unique_email_among_people",
                        violation_error_message="Another person has this e-mail address.",
                    )
                ],
                "permissions": [
                    ("anonymise_user", "Can erase who a former member of staff was"),
                    ("export_user", "Can export what is held on people"),
                ],
            },
            managers=[("objects", PeopleManager())],
        )
    ]
