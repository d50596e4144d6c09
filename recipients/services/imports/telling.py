"""What the database finds wrong, as problems of cells."""

import json

from recipients.services.imports.kinds import Reading
from recipients.services.imports.sql import execute, fetch

# From `resolved_rows`, whose `problem` is a code.
TELL = """
    INSERT INTO recipients_importproblem (batch_id, part, line, "column", value, message, code)
    SELECT %(batch)s, r.part, r.line, %(titles)s::jsonb -> r.part::text ->> %(key)s, left(r.code, 60),
           %(messages)s::jsonb ->> r.problem, r.problem
    FROM resolved_rows r WHERE r.problem IS NOT NULL
"""


def tell(reading: Reading, messages: dict[str, str], key: str) -> None:
    """Each row's problem, in the cell of the column `key`, in the words that `messages` has for it."""
    reading.refuse_too_many(fetch("SELECT count(problem) FROM resolved_rows")[0][0])
    facts = {"batch": reading.batch.pk, "titles": json.dumps(reading.titles), "messages": json.dumps(messages), "key": key}
    execute(TELL, facts)
