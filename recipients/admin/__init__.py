from recipients.admin import assignments, entities, groups, people, roles  # noqa: F401 - registering is their point
