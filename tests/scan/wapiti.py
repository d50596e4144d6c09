"""How wapiti is called, and what of its report counts."""

# ruff: noqa: PLC0415 - what needs Django's settings is imported when they are known

import json
import os
import subprocess
from pathlib import Path

from tests.scan.site import ADDRESS, HOST, KEPT, ROOT, starts

PROGRAM = ROOT / ".tools" / "wapiti" / "bin" / "wapiti"
MEDIUM = 2  # of its levels: 0 is for information, 4 critical
# They look at what the walk was answered, and send nothing.
PASSIVE = (
    "cookieflags csp http_headers https_redirect inconsistent_redirection information_disclosure stacktrace_disclosure unsecure_password"
)
# Left out: ssrf and log4shell, which learn from a server in the internet what happened; htp, wapp, cms, nikto, buster and the
# like, which look for other products; ssl, as the certificate is made up; brute_login_form, which the throttle stops at once.
MODULES = {
    "get": "crlf exec file ldap methods permanentxss redirect sql timesql xss xxe",
    "post": "crlf csrf exec file permanentxss sql upload xss",  # xxe would send XML to every page
}
WALK = {"get": 0.4, "post": 0.6}  # of the time; it sends each form once as it stands, the attacks send it changed
# What would crowd out the forms in a walk that is after them: links to the same page, files, pages that only show.
CROWD = ("/static/", "*/history/", "/admin/audit/", "*__", "*?o=", "*&o=", "*?p=", "*?all=")
LEAVING = ("/sign-out/", "/admin/logout/", "/inbox/logout/", "/account/sessions/end")  # these would end the session
# What is reported at medium or higher and kept: a part of the line, and why.
ACCEPTED = {
    'CSP "script-src" value is not safe': "the back office allows unsafe-eval, which unfold's Alpine needs; "
    "tests/security/test_production.py holds that the inbox and the sign-in do not",
}


def attack(folder: Path, person: str, method: str, cookies: dict[str, str], seconds: float) -> list[str]:
    """Walk, then attack, for about so long. What was found, a line each."""
    report = folder / f"{person}.{method}.json"
    command = [PROGRAM, *_target(folder, person, method, cookies), *_limits(method, seconds)]
    command += ["--format", "json", "--output", report, "--store-session", folder / person, "--store-config", folder / "wapiti"]
    nowhere = "http://127.0.0.1:9"  # where all goes that is meant for another machine
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "HTTP_PROXY": nowhere, "HTTPS_PROXY": nowhere, "NO_PROXY": HOST}
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=seconds * 3 + 60)
    (KEPT / f"wapiti-{person}-{method}.txt").write_text(done.stdout + done.stderr)
    return found(json.loads(report.read_text())) if report.exists() else [f"wapiti gave no report: {done.stderr[-500:]}"]


def _target(folder: Path, person: str, method: str, cookies: dict[str, str]) -> list[str | Path]:
    from backoffice.demo.cast import USERNAMES
    from recipients.models import User

    jar, begin = folder / f"{person}.{method}.cookies", folder / f"{person}.{method}.starts"
    described = {name: {"value": value, "expires": None, "secure": True, "port": None, "version": 0} for name, value in cookies.items()}
    jar.write_text(json.dumps({HOST: {"/": described}}))
    begin.write_text("".join(f"{ADDRESS}{page}\n" for page in starts(person, method, cookies)))
    cast = User.objects.filter(username__in=USERNAMES).values_list("pk", flat=True)
    left_out = [*LEAVING, *(f"/admin/recipients/user/{pk}/" for pk in cast), *(CROWD if method == "post" else ())]
    excluded = [part for address in left_out for part in ("--exclude", f"{ADDRESS}{address}*")]
    return ["--url", f"{ADDRESS}/", "--start", begin, "--cookie", jar, *excluded]


def _limits(method: str, seconds: float) -> list[str]:
    active, walk = MODULES[method].split(), seconds * WALK[method]
    modules = [*PASSIVE.split(), *(f"{module}:{method}" for module in active)]
    limits = ["--max-scan-time", f"{walk:.0f}", "--max-attack-time", f"{(seconds - walk) / len(active):.1f}", "--tasks", "4"]
    quiet = ["--no-bugreport", "--verbose", "0", "--flush-session"]
    return ["--module", ",".join(modules), "--skip", "csrfmiddlewaretoken", *limits, *quiet]  # the module csrf looks at that


def found(report: dict) -> list[str]:
    """All of medium severity or higher that is not accepted."""
    kinds = report["vulnerabilities"] | report["anomalies"]
    serious = [(kind, one) for kind, ones in kinds.items() for one in ones if one["level"] >= MEDIUM]
    lines = [f"{kind}: {one['method']} {one['path']} {one['parameter']} ({one['info']})" for kind, one in serious]
    return [line for line in lines if not any(part in line for part in ACCEPTED)]
