"""Who signs in to the demo."""

PASSWORD = "notices-demo"  # noqa: S105 - of the demo's accounts, printed when it starts

# Username, role in the demo's words, what to try.
SIGN_INS = (
    ("alice", "author", "writes notices and publishes them"),
    ("erin", "approver", "approves what others wrote"),
    ("carol", "compliance", "sees everything, changes nothing"),
    ("frank", "steward", "keeps people, recipients and groups"),
    ("dave", "reader", "has an inbox"),
    ("grace", "administrator", "runs it all"),
    ("heidi", "department author", "writes and publishes for Facilities, and sees no other notices"),
)
USERNAMES = frozenset(username for username, _, _ in SIGN_INS) | {"bob"}
