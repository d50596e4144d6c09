from recipients.admin import assignments, entities, groups, imports, people, roles  # noqa: F401 - registering is their point
