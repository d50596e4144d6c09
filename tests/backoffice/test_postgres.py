import os
import shutil
import signal
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from backoffice.postgres import THROW_AWAY, EmbeddedServer


@pytest.fixture(scope="module")
def server():
    folder = Path(tempfile.mkdtemp(prefix="staff-notices-test-"))  # the system user that runs it can get there
    folder.chmod(0o755)
    server = EmbeddedServer(folder / "postgres", settings=THROW_AWAY)
    yield server
    server.remove()
    shutil.rmtree(folder)


@pytest.fixture
def running(server):
    server.start()
    return server


def ask(server, sql: str = "SELECT 1"):
    with psycopg.connect(server.url(), connect_timeout=5) as connection:
        return connection.execute(sql).fetchone()[0]


def pid_of(server) -> int:
    return int((server.data_dir / "postmaster.pid").read_text().split("\n", 1)[0])


def test_it_starts_answers_and_stops(server):
    server.stop()
    assert server.start() is True
    assert ask(server) == 1
    assert server.is_running()

    assert server.stop() is True
    assert not server.is_running()
    with pytest.raises(psycopg.OperationalError):
        ask(server)


def test_starting_and_stopping_twice_is_once(running):
    assert running.start() is False
    assert EmbeddedServer(running.data_dir).start() is False
    assert (running.stop(), running.stop()) == (True, False)


def test_several_processes_that_start_it_at_once_start_one(server):
    server.stop()
    with ThreadPoolExecutor(4) as pool:
        started = list(pool.map(lambda _: EmbeddedServer(server.data_dir, settings=THROW_AWAY).start(), range(4)))
    assert sum(started) == 1
    assert ask(server) == 1


def test_what_was_committed_is_there_after_a_restart(running):
    with psycopg.connect(running.url()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    running.stop()
    running.start()
    assert ask(running, "SELECT answer FROM kept") == 42


def test_after_a_kill_it_is_not_running_and_starts_again(running):
    os.kill(pid_of(running), signal.SIGKILL)
    deadline = time.monotonic() + 5
    while running.is_running() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not running.is_running()
    assert (running.data_dir / "postmaster.pid").exists()  # it had no time to tidy up

    assert running.start() is True
    assert ask(running) == 1


def test_a_stale_file_with_the_number_of_another_process_does_not_fool_it(running):
    running.stop()
    (running.data_dir / "postmaster.pid").write_text(f"{os.getpid()}\n{running.data_dir}\n0\n5432\n{running.socket_dir}\n\n\nready\n")
    (running.socket_dir / ".s.PGSQL.5432").touch()
    try:
        assert not running.is_running()
    finally:
        (running.data_dir / "postmaster.pid").unlink()
        (running.socket_dir / ".s.PGSQL.5432").unlink()


def test_it_listens_to_nobody_but_this_machine(running):
    assert ask(running, "SHOW listen_addresses") == ""
    assert running.socket_dir.stat().st_mode & 0o077 == 0
    assert running.data_dir.stat().st_mode & 0o077 == 0


def test_the_socket_path_is_short_however_long_the_folder_is(tmp_path):
    server = EmbeddedServer(tmp_path / ("x" * 200) / "postgres")
    assert len(str(server.socket_dir / ".s.PGSQL.5432")) < 107


def test_two_folders_have_two_servers(tmp_path):
    assert EmbeddedServer(tmp_path / "a").socket_dir != EmbeddedServer(tmp_path / "b").socket_dir


def test_a_server_that_cannot_start_says_what_postgresql_said(running):
    running.stop()
    with pytest.raises(RuntimeError, match=r"could not run pg_ctl:(.|\n)*no_such_setting"):
        EmbeddedServer(running.data_dir, settings=("no_such_setting=1",)).start()
    assert EmbeddedServer(running.data_dir, settings=THROW_AWAY).start() is True
