"""In a real browser: nothing that people typed is run, and the policy has nothing to stop."""

import pytest
from django.urls import reverse

from notices.services import NoticeService
from tests.makers import make_person
from tests.security.test_xss import WORST, hostile_world, pages_of
from tests.security.xss import vectors

pytestmark = pytest.mark.django_db(transaction=True)

VIOLATIONS = "document.addEventListener('securitypolicyviolation', e => console.error(`policy: ${e.violatedDirective} ${e.blockedURI}`))"
INLINE = "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.ran = true'}))"


@pytest.fixture
def watched(visitor):
    """A visitor whose dialogs and violations count as complaints."""

    def arrive(person):
        one = visitor(person)
        one.page.add_init_script(VIOLATIONS)
        one.page.on("dialog", lambda dialog: (one.complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        return one

    return arrive


def walk(one, addresses) -> None:
    for address in addresses:
        one.open(address)
        assert one.complaints == [], address


@pytest.mark.parametrize("address", ["/inbox/", "/admin/"])
def test_a_script_that_slipped_in_would_be_stopped_and_noticed(watched, alice, address):
    one = watched(alice)
    one.page.goto(address)
    one.page.evaluate(INLINE)
    one.page.wait_for_timeout(200)
    assert one.page.evaluate("window.ran") is None
    assert any("script-src" in complaint for complaint in one.complaints)
    one.complaints.clear()


@pytest.mark.timeout(400)
def test_no_page_of_the_back_office_runs_what_people_typed(watched, alice):
    root = make_person("root", staff=True, is_superuser=True)
    world = hostile_world(WORST[0], 0, alice)
    for number, text in enumerate(vectors()[::4], 1):
        hostile_world(text, number, alice)
    lists = ("notices_notice", "recipients_user", "recipients_recipient", "recipients_recipientgroup", "recipients_roleassignment")
    walk(watched(root), [reverse(f"admin:{name}_changelist") for name in (*lists, "audit_entry", "notices_category")])
    walk(watched(root), [reverse("admin:index"), *pages_of(world, root)])


@pytest.mark.timeout(200)
def test_neither_does_the_inbox(watched, alice):
    text = "".join(f"<p>{vector}</p>" for vector in vectors())
    for number, worst in enumerate(WORST):
        world = hostile_world(worst, number, alice)
        person = world["person"]
        draft = world["draft"]
        draft.content = text
        NoticeService.save_changes(draft, actor=alice, version=draft.version)
        NoticeService.publish(draft.pk, actor=alice)
        walk(watched(person), [reverse("inbox:index"), *(reverse("inbox:notice", args=[n.pk]) for n in (draft, world["notice"]))])
