"""Addressing, keeping members, writing for a department, exporting and granting are rights of their own."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("recipients", "0003_anonymise"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="recipient",
            options={
                "ordering": ("name", "id"),
                "permissions": [
                    ("address_recipient", "Can send notices to recipients"),
                    ("manage_members_recipient", "Can decide who belongs to recipients"),
                    ("author_recipient", "Can write notices of departments"),
                    ("publish_recipient", "Can publish notices of departments"),
                    ("export_recipient", "Can export recipients"),
                    ("grant_recipient", "Can decide who may do what with recipients"),
                ],
                "verbose_name": "recipient",
                "verbose_name_plural": "recipients",
            },
        ),
        migrations.AlterModelOptions(
            name="recipientgroup",
            options={
                "ordering": ("name", "id"),
                "permissions": [
                    ("address_recipientgroup", "Can send notices to recipient groups"),
                    ("manage_members_recipientgroup", "Can decide who belongs to recipient groups"),
                    ("export_recipientgroup", "Can export recipient groups"),
                    ("grant_recipientgroup", "Can decide who may do what with recipient groups"),
                ],
                "verbose_name": "recipient group",
                "verbose_name_plural": "recipient groups",
            },
        ),
        migrations.AlterModelOptions(
            name="user",
            options={
                "ordering": ("last_name", "first_name", "id"),
                "permissions": [
                    ("anonymise_user", "Can erase who a former member of staff was"),
                    ("export_user", "Can export what is held on people"),
                ],
                "verbose_name": "person",
                "verbose_name_plural": "people",
            },
        ),
    ]
