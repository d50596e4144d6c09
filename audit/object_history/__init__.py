"""The versions of one object: what happened to it and to what belongs to it, what it was at a moment, what differs."""
