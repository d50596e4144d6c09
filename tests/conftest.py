"""The cast: people with a role and a name, the same in every test."""

import logging
from collections.abc import Iterator
from uuid import uuid4

import hypothesis
import kombu.pools
import pytest
from django.test import TransactionTestCase
from guardian.shortcuts import assign_perm

from backoffice.permissions import Role
from recipients.models import Recipient, User
from tests.emptying import Emptied
from tests.makers import make_person, make_recipient
from tests.smtp import Mailbox, MailServer, mailers

hypothesis.settings.register_profile("untimed", deadline=None)  # how fast a machine is decides no test
hypothesis.settings.load_profile("untimed")

# Begun first, half of them by each of two workers: one that comes last would keep one core busy and the other idle.
LONG = (
    "tests/matrix/test_matrix.py::test_what_opens",
    "tests/flows/test_every_page.py::test_the_back_office",
    "tests/backoffice/test_demo.py::test_ctrl_c",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    long = sorted((item for item in items if item.nodeid.startswith(LONG)), key=lambda item: item.nodeid)
    rest = [item for item in items if item not in long]
    middle = len(items) // 2 - len(long[::2])
    items[:] = [*long[::2], *rest[:middle], *long[1::2], *rest[middle:]]


@pytest.fixture(scope="session", autouse=True)
def _queue_lets_go_of_the_database(django_db_setup):
    """The broker's own connection would keep the test database from being dropped."""
    yield
    kombu.pools.reset()


@pytest.fixture(scope="session", autouse=True)
def _tests_that_commit_are_cleared_up_after():
    emptied = Emptied(TransactionTestCase._fixture_teardown)

    def teardown(case: TransactionTestCase) -> None:
        emptied.teardown(case)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", teardown)
        patch.setattr(TransactionTestCase, "_should_reload_connections", lambda case: emptied.is_spent())
        yield


@pytest.fixture(autouse=True)
def _plain_static_files(settings):
    """Pages are tested without `collectstatic`."""
    storage = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": storage}


@pytest.fixture(scope="session", autouse=True)
def _refusals_leave_no_trace():
    """Many tests provoke little else. To write down where each came from costs as much as half the answer."""
    logging.getLogger("django.request").setLevel(logging.ERROR)


@pytest.fixture(autouse=True)
def _quick_hashing(settings):
    """Passwords by the hundred: what is slow on purpose has tests of its own."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]


@pytest.fixture(autouse=True)
def _own_anchors(settings):
    """A test's database is emptied at its end; anchors that outlived it would make the next one look rolled back."""
    settings.AUDIT_ANCHOR_FILE = settings.VAR_DIR / "anchors" / f"{uuid4()}.jsonl"


@pytest.fixture(scope="session")
def mail_server() -> Iterator[MailServer]:
    server = MailServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def mailbox(mail_server, settings) -> Mailbox:
    """What arrives at the mail server; nothing yet."""
    settings.MAILERS = mailers(mail_server.port)
    mail_server.handler.__init__()
    return mail_server.handler


@pytest.fixture
def alice(db) -> User:
    """An author."""
    return make_person("alice", role=Role.AUTHOR)


@pytest.fixture
def bob(db) -> User:
    """A member of staff with access to the back office and no rights in it."""
    return make_person("bob", staff=True)


@pytest.fixture
def carol(db) -> User:
    """Compliance: sees everything, changes nothing."""
    return make_person("carol", role=Role.COMPLIANCE)


@pytest.fixture
def dave(db) -> User:
    """A reader."""
    return make_person("dave")


@pytest.fixture
def erin(db) -> User:
    """An approver."""
    return make_person("erin", role=Role.APPROVER)


@pytest.fixture
def frank(db) -> User:
    """A data steward."""
    return make_person("frank", role=Role.STEWARD)


@pytest.fixture
def grace(db) -> User:
    """An administrator."""
    return make_person("grace", role=Role.ADMINISTRATOR)


@pytest.fixture
def facilities(db) -> Recipient:
    """A department."""
    return make_recipient("Facilities")


@pytest.fixture
def heidi(facilities) -> User:
    """An author of the department Facilities, who may also publish what it writes; nothing else."""
    heidi = make_person("heidi", staff=True)
    for right in ("author_recipient", "publish_recipient"):
        assign_perm(right, heidi, facilities)
    return heidi
