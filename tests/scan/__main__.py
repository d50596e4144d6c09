"""`python -m tests.scan`: wapiti walks and attacks the project as nobody and as each of the demo's people.

Nothing but the web server runs, with production's settings, on the demo's organisation in a throw-away database: whatever
changes is the scanner's doing. First pages are walked and attacked by GET while the server takes nothing else, and no row
may change. Then forms are sent as well, as far as each person may.

Ends with 1 if anything of medium severity was found, a page failed, a row changed by GET, somebody was signed out before
the end, or nobody saw a page of those signed in. What the server and wapiti wrote is kept in var/scan.
"""

# ruff: noqa: T201, PLC0415 - printing is its answer; what needs Django's settings is imported when they are known

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.scan import site, wapiti

FEWEST_PAGES = 15  # whoever is signed in opens more, or the scan saw too little to be worth anything
OVERHEAD = 8  # seconds of each scan in which wapiti starts and reports, and forms are looked for
DOORS = {"get": "tests.scan.site:only_reading", "post": "backoffice.wsgi"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.scan", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=11, help="for all of it; the more, the deeper")
    parser.add_argument("--only", default="", help="one person's sign-in name, or nobody")
    options = parser.parse_args()
    shutil.rmtree(site.KEPT, ignore_errors=True)
    site.KEPT.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="staff-notices-scan-") as name:
        Path(name).chmod(0o755)  # the database runs as another user when this runs as root
        with site.database(Path(name)) as url:
            return scan_all(Path(name), url, options)


def scan_all(folder: Path, url: str, options: argparse.Namespace) -> int:
    until = time.monotonic() + options.minutes * 60
    people = [person for person in site.prepare(folder, url) if options.only in {"", person}]
    if not people:
        raise SystemExit(f"There is no “{options.only}” in the demo. backoffice/demo/cast.py says who is.")
    left, bad = len(DOORS) * len(people), []
    for method, door in DOORS.items():
        with site.web(folder, door):
            for person in people:
                bad += scan(folder, person, method, max((until - time.monotonic()) / left - OVERHEAD, 5))
                left -= 1
    for part, reason in wapiti.ACCEPTED.items():
        print(f"Accepted: “{part}”, as {reason}.")
    print("\n".join(bad) or f"Nothing of medium severity, no failed page, no row changed by GET, as {len(people)} kinds of people.")
    return 1 if bad else 0


def scan(folder: Path, person: str, method: str, seconds: float) -> list[str]:
    """Let wapiti at it once. What is wrong, a line each."""
    from tests.test_conventions import changed, checksums

    cookies, before, seen = site.sign_in(person), checksums(), len(site.answers())
    bad = wapiti.attack(folder, person, method, cookies, seconds)
    answers = site.answers()[seen:]
    tables = changed(before, checksums())
    opened = {one.page for one in answers if one.status == "200" and one.page.startswith(("/admin/", "/inbox/", "/account/"))}
    taken = sum(one.verb == "POST" and one.status in {"200", "302"} for one in answers)
    bad += failed(answers)
    bad += [f"GET changed {table}" for table in sorted(tables) if method == "get"]
    bad += stayed_who_they_are(person, cookies, opened)
    bad += ["no form was taken"] if method == "post" and not taken else []
    print(
        f"{person:<8}{method:<5}{len(answers):>5} requests, {len(opened):>4} pages of those signed in, {taken:>4} forms taken, "
        f"{len(tables):>2} tables changed, {len(bad):>2} found",
        flush=True,
    )
    return [f"{person}, {method}: {line}" for line in bad]


def failed(answers: list[site.Answer]) -> list[str]:
    """Requests that the server had no answer to; their tracebacks are in var/scan/web.log."""
    return sorted({f"{one.status} {one.verb} {one.address}" for one in answers if one.status.startswith("5")})


def stayed_who_they_are(person: str, cookies: dict[str, str], opened: set[str]) -> list[str]:
    if person == "nobody":
        return [f"opened {page}" for page in sorted(opened)]
    if site.get("/account/sessions/", cookies)[0] != 200:
        return ["was signed out before the end"]
    return [] if len(opened) >= FEWEST_PAGES else [f"saw {len(opened)} pages only"]


if __name__ == "__main__":
    sys.exit(main())
