"""Long work that goes on in the background, and the signs of life of the processes."""

from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    initial = True
    # A database that took these steps one by one has the tables.
    replaces = [
        ("backoffice", "0001_initial"),
        ("backoffice", "0002_add_heartbeats"),
    ]
    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Job",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=64)),
                ("object_id", models.BigIntegerField()),
                ("phase", models.CharField(blank=True, max_length=64)),
                ("done", models.BigIntegerField(default=0)),
                ("total", models.BigIntegerField(default=0)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("stop_asked", models.BooleanField(default=False)),
                ("asked_at", models.DateTimeField(db_default=Now())),
                ("phase_at", models.DateTimeField(null=True)),
            ],
            options={
                "default_permissions": (),
                "constraints": [models.UniqueConstraint(fields=("kind", "object_id"), name="one_job_of_a_kind_for_an_object")],
            },
        ),
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=255, unique=True)),
                ("node", models.CharField(blank=True, max_length=255)),
                ("began_at", models.DateTimeField(db_default=Now())),
                ("at", models.DateTimeField(db_default=Now())),
                ("processes", models.PositiveIntegerField(default=0)),
                ("busy", models.PositiveIntegerField(default=0)),
            ],
            options={
                "verbose_name": "sign of life",
                "verbose_name_plural": "health of the product",
                "permissions": [("view_heartbeat", "Can see whether everything works")],
                "default_permissions": (),
            },
        ),
    ]
