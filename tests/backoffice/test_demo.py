"""The demo: what it refuses, what it starts, and that it leaves nothing behind."""

import os
import re
import signal
import smtplib
import socket
import subprocess
import sys
import time
from email.message import EmailMessage
from http.client import HTTPConnection
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from backoffice.demo import database, guard
from backoffice.demo.ports import choose_ports
from backoffice.postgres import EmbeddedServer
from recipients.models import User
from tests.smtp import free_port


def get(port: int, path: str = "/", host: str = "localhost") -> tuple[int, str, str]:
    """Status, content and Content-Security-Policy."""
    web = HTTPConnection("127.0.0.1", port, timeout=20)
    web.request("GET", path, headers={"Host": host})
    answer = web.getresponse()
    content = answer.read().decode()
    web.close()
    return answer.status, content, answer.headers["Content-Security-Policy"] or ""


def wait_for(condition, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def taken_port():
    """Below those that the system hands out, lest somebody else gets the port before it."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", next(filter(_and_the_one_before_are_free, range(20_001 + os.getpid() % 5_000, 32_000)))))
        listener.listen()
        yield listener.getsockname()[1]


def _and_the_one_before_are_free(port: int) -> bool:
    with socket.socket() as one, socket.socket() as before:
        try:
            one.bind(("127.0.0.1", port))
            before.bind(("127.0.0.1", port - 1))
        except OSError:
            return False
    return True


# -- What it refuses ------------------------------------------------------------------------------
def test_a_taken_port_is_reported_with_the_way_out(taken_port):
    with pytest.raises(CommandError, match=rf"Port {taken_port} is taken.* make demo PORT=\d+") as refused:
        choose_ports(taken_port)
    assert choose_ports(int(str(refused.value).rpartition("=")[2]))


def test_the_mail_catcher_makes_way_when_its_ports_are_taken(taken_port):
    ports = choose_ports(taken_port - 1)
    assert ports.web == taken_port - 1
    assert taken_port not in {ports.mail_page, ports.smtp}
    assert not listens(ports.mail_page)


@pytest.mark.parametrize("port", [-1, 0, 65536])
def test_a_number_that_is_no_port_is_refused(port):
    with pytest.raises(CommandError, match="is not a port"):
        choose_ports(port)


def test_the_demo_refuses_production(settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="production"):
        call_command("demo")


@pytest.mark.parametrize("reset", [True, False])
def test_the_demo_refuses_a_database_with_real_people(alice, settings, reset):
    settings.EMBEDDED_POSTGRES = None
    with pytest.raises(CommandError, match="not the demo's"):
        guard.refuse_real_data(reset=reset)

    database.mark()
    guard.refuse_real_data(reset=reset)


def test_people_in_the_embedded_database_are_deleted_on_request_only(alice, settings):
    settings.EMBEDDED_POSTGRES = EmbeddedServer(Path("/nonexistent"))
    with pytest.raises(CommandError, match="RESET=1"):
        guard.refuse_real_data(reset=False)
    guard.refuse_real_data(reset=True)


def test_an_empty_database_is_welcome(db, settings):
    settings.EMBEDDED_POSTGRES = None
    assert not User.objects.exists()
    guard.refuse_real_data(reset=False)


def test_the_demo_runs_once_in_one_place(tmp_path):
    with guard.only_one(tmp_path / "lock") as lock:
        lock.write(" at http://localhost:1234.")
        lock.flush()
        with pytest.raises(CommandError, match="runs already at http://localhost:1234"), guard.only_one(tmp_path / "lock"):
            pass
    with guard.only_one(tmp_path / "lock"):
        pass


# -- The mail catcher -----------------------------------------------------------------------------
@pytest.fixture
def catcher(tmp_path):
    ports = choose_ports(free_port())
    command = [sys.executable, "-m", "backoffice.demo.catcher", "--folder", tmp_path / "mail"]
    command += ["--smtp", str(ports.smtp), "--web", str(ports.mail_page)]
    with subprocess.Popen(command, cwd=settings.BASE_DIR) as process:
        wait_for(lambda: listens(ports.smtp) and listens(ports.mail_page))
        yield ports
        process.terminate()
        assert process.wait(10) == 0


def send(port: int, subject: str, to: str = "dave@example.org") -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "notices@example.org", to, subject
    mail.set_content("Read it at https://example.org/a?b=1&c=2. <b>Soon</b>")
    mail.add_alternative("<p>Read <a href='https://example.org/'>it</a></p><script>alert(1)</script>", subtype="html")
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as smtp:
        smtp.send_message(mail)


def test_a_mail_that_was_sent_can_be_read_safely(catcher):
    assert "No mail yet" in get(catcher.mail_page)[1]
    send(catcher.smtp, "<b>Fire</b> drill – tëst")
    send(catcher.smtp, "Canteen", to="erin@example.org")

    status, page, policy = get(catcher.mail_page)
    assert status == 200
    assert "&lt;b&gt;Fire&lt;/b&gt; drill – tëst" in page
    assert "default-src 'none'" in policy
    assert page.index("Canteen") < page.index("Fire")  # newest first
    _, found, _ = get(catcher.mail_page, "/?q=DAVE")
    assert "1 found" in found
    assert "Canteen" not in found

    address = found.partition('<td><a href="')[2].partition('"')[0]
    _, mail, _ = get(catcher.mail_page, address)
    assert '<a href="https://example.org/a?b=1&amp;c=2" target="_blank"' in mail
    assert "&lt;b&gt;Soon&lt;/b&gt;" in mail
    _, html, policy = get(catcher.mail_page, f"{address}/html")
    assert "<p>Read" in html
    assert policy.startswith("sandbox ")
    assert "allow-scripts" not in policy


@pytest.mark.parametrize("path", ["/../../etc/passwd", "/00000000000000000001", "/00000000000000000001/html", "/x"])
def test_what_is_no_mail_is_not_found(catcher, path):
    assert get(catcher.mail_page, path)[0] == 404


def test_mails_are_shown_to_this_machine_only(catcher):
    assert get(catcher.mail_page, host="evil.example")[0] == 403


# -- The whole, as a person runs it ----------------------------------------------------------------
class Demo:
    """`manage.py demo` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.server = EmbeddedServer(folder / "postgres")
        self.output = folder / "output"

    def start(self) -> None:
        environment = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "STATIC_ROOT", "MEDIA_ROOT"}}
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "demo", "--port", str(self.port)],
                cwd=settings.BASE_DIR,
                env=environment | {"VAR_DIR": str(self.folder)},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        wait_for(lambda: "Ctrl-C stops it all" in self.said() or self.process.poll() is not None, seconds=200)
        assert self.process.poll() is None, self.said()

    def said(self) -> str:
        return self.output.read_text()

    def stop(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)

    def processes(self) -> list[str]:
        """The command lines of whatever runs for this demo, its PostgreSQL included."""
        lines = subprocess.run(["ps", "-eo", "pid=,args="], capture_output=True, text=True, check=True).stdout.splitlines()  # noqa: S607
        mine = {str(pid) for pid in self.children()}
        return [line for line in lines if line.split()[0] in mine or str(self.folder) in line]

    def children(self) -> list[int]:
        lines = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout.splitlines()  # noqa: S607
        return [int(pid) for pid, parent in map(str.split, lines) if int(parent) == self.process.pid]


@pytest.fixture
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    for parent in (folder, *folder.parents[:3]):  # the server runs as another user
        parent.chmod(parent.stat().st_mode | 0o011)
    demo = Demo(folder)
    yield demo
    if demo.process.poll() is None:
        demo.stop(signal.SIGTERM)
    demo.server.remove()


@pytest.mark.timeout(400)
def test_ctrl_c_leaves_no_process_and_a_second_start_keeps_the_data(demo):
    demo.start()
    first = demo.said()
    assert "Loaded 431 people" in first
    for name in ("alice", "erin", "carol", "frank", "dave", "grace"):
        assert f"    {name} " in first
    assert get(demo.port, "/sign-in/")[0] == 200
    mail_page = int(re.search(r"Mails it sent +http://localhost:(\d+)", first)[1])
    wait_for(lambda: listens(mail_page))
    assert "No mail yet" in get(mail_page)[1]
    children = demo.children()
    assert len(children) == 4
    assert demo.server.is_running()

    assert demo.stop() == 0
    assert not demo.server.is_running()
    assert demo.processes() == []
    for child in children:
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)

    demo.start()
    second = demo.said()
    assert "as you left it" in second
    assert "Loaded" not in second
    assert "Creating the tables" not in second

    # One that dies takes the others with it, and is named.
    os.kill(demo.children()[-1], signal.SIGKILL)
    assert demo.process.wait(30) == 1
    assert "was killed by SIGKILL" in demo.said()
    assert not demo.server.is_running()
    assert demo.processes() == []
