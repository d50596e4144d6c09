from recipients.admin import assignments, entities, exports, groups, imports, people, roles  # noqa: F401 - registering is their point
