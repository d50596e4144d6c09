"""What a file of each kind looks like, to download and fill."""

EXAMPLES = {
    "memberships": (
        "Group code,Group name,Recipient code,Employee number,E-mail\n"
        "NIGHT,Night shift,,00042,\n"
        "NIGHT,Night shift,,,ann.lee@example.org\n"
        "FIRST-AID,First aid,SITE-LEEDS,,\n"
    )
}


def example(kind: str) -> bytes:
    """With a byte order mark, by which Excel sees that it is UTF-8."""
    return ("\ufeff" + EXAMPLES[kind]).encode()
