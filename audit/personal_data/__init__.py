"""All that is held on a person. Each app tells what its own tables hold; this package knows no model of theirs by name."""

from audit.personal_data.parts import Part, parts, register, told

__all__ = ["Part", "parts", "register", "told"]
