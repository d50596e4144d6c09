"""Every page, in light and dark and on a phone: usable by everyone, with nothing wrong in the console."""

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from backoffice.permissions import Role
from notices.models import Delivery
from notices.services import NoticeService
from notices.services.amending import AmendedText
from tests.makers import make_category, make_draft, make_group, make_person, make_published, make_recipient

pytestmark = pytest.mark.django_db(transaction=True)

BACK_OFFICE_LISTS = [
    "admin:index",
    "admin:notices_notice_changelist",
    "admin:notices_notice_add",
    "admin:notices_trashednotice_changelist",
    "admin:notices_category_changelist",
    "admin:notices_category_add",
    "admin:recipients_user_changelist",
    "admin:recipients_user_add",
    "admin:recipients_recipient_changelist",
    "admin:recipients_recipient_add",
    "admin:recipients_recipientgroup_changelist",
    "admin:recipients_recipientgroup_add",
    "admin:recipients_import_changelist",
    "admin:recipients_import_add",
    "admin:recipients_roleassignment_changelist",
    "admin:recipients_roleassignment_add",
    "admin:auth_group_changelist",
    "admin:audit_seals",
    "admin:audit_entry_changelist",
    "admin:audit_access",
    "admin:exports",
    "admin:password_change",
]
TABS = ["change", "audience", "delivery", "readers", "access", "history"]


@pytest.fixture
def root(db):
    return make_person("root", role=Role.ADMINISTRATOR, is_superuser=True)


@pytest.fixture
def pages(alice, dave, root):
    """The address of every page of the back office, with something to see on each."""
    leeds = make_recipient("Site Leeds", members=(dave, make_person("gone", is_active=False)))
    group = make_group("Night shift", recipients=(leeds,), people=(make_person("nomail", email=""),))
    category = make_category("Facilities")
    draft = make_draft(author=alice, groups=(group,), category=category)
    published = make_published("Canteen", author=alice, groups=(group,), category=category, requires_acknowledgement=True)
    Delivery.objects.filter(person=dave).update(state="failed", reason="550 No such mailbox")
    NoticeService.acknowledge(published, dave)
    NoticeService.delete(make_draft("Old", author=alice).pk, actor=alice)
    tabs = [reverse(f"admin:notices_notice_{tab}", args=[notice.pk]) for notice in (draft, published) for tab in TABS]
    acts = [reverse("admin:notices_notice_act", args=[draft.pk, slug]) for slug in ("publish", "schedule", "trash")]
    acts += [reverse("admin:notices_notice_act", args=[published.pk, slug]) for slug in ("withdraw", "send-again", "pause", "cancel-mails")]
    acts.append(reverse("admin:notices_notice_mail_again", args=[published.pk, Delivery.objects.get(notice=published, person=dave).pk]))
    NoticeService.save_amendment(published.pk, AmendedText(title="Canteens", content="<p>Two.</p>"), actor=alice)
    acts += [reverse(f"admin:notices_notice_{page}", args=[published.pk]) for page in ("amend", "amend_review")]
    rights = [
        reverse("admin:recipients_recipientgroup_access", args=[group.pk]),
        reverse("admin:auth_group_grants", args=[Group.objects.get(name=Role.AUTHOR).pk]),
        reverse("admin:recipients_user_grants", args=[dave.pk]),
    ]
    objects = [
        reverse(f"admin:{name}_change", args=[obj.pk])
        for name, obj in (
            ("notices_category", category),
            ("recipients_user", dave),
            ("recipients_recipient", leeds),
            ("recipients_recipientgroup", group),
            ("recipients_roleassignment", dave.roleassignment_set.get()),
        )
    ]
    return [reverse(name) for name in BACK_OFFICE_LISTS] + tabs + acts + rights + objects


def walk(visitor, addresses, *others):
    """Open each page and judge it; what `others` find wrong with it counts too."""
    problems = []
    for address in addresses:
        response = visitor.open(address)
        if response.status != 200:
            problems.append(f"{address}: {response.status}")
        problems += judged(visitor, address)
        problems += [problem for other in others for problem in other(visitor, address)]
    assert not problems, "\n".join(problems)


def judged(visitor, address):
    problems = []
    try:
        visitor.check_accessible()
    except AssertionError as error:
        problems.append(str(error))
    if visitor.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        problems.append(f"{address}: wider than the screen")
    return problems


def in_the_dark_on_a_phone(visitor, address):
    """The page that is open, judged once more."""
    darken(visitor.page)
    visitor.page.set_viewport_size({"width": 360, "height": 740})
    problems = judged(visitor, f"{address}, dark and small")
    visitor.page.emulate_media(color_scheme="light")
    visitor.page.set_viewport_size({"width": 1440, "height": 900})
    return problems


def darken(page):
    """As the page would have come to somebody who likes it dark: unfold looks only then."""
    page.emulate_media(color_scheme="dark")
    page.evaluate("document.documentElement.classList.add('dark')")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("share", [0, 1])
def test_the_back_office_is_accessible_in_the_light_and_in_the_dark_on_a_phone(visitor, pages, root, share):
    one = visitor(root, reduced_motion="reduce")
    walk(one, pages[share::2], in_the_dark_on_a_phone)


def test_a_page_that_was_darkened_looks_as_if_it_had_come_so(visitor, root):
    light, dark = visitor(root, reduced_motion="reduce"), visitor(root, color_scheme="dark")
    colours = "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector('h1')).color]"
    for one in (light, dark):
        one.open("/admin/")
    assert light.page.evaluate(colours) != dark.page.evaluate(colours)
    darken(light.page)
    assert light.page.evaluate(colours) == dark.page.evaluate(colours)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_inbox_is_accessible_at_320_pixels(visitor, pages, dave, scheme):
    reader = visitor(dave, color_scheme=scheme, viewport={"width": 320, "height": 640}, reduced_motion="reduce")
    notice = dave.readacknowledgment_set.get().notice_id
    walk(
        reader, [reverse("inbox:index"), reverse("inbox:notice", args=[notice]), reverse("inbox:account"), reverse("inbox:password_change")]
    )


def test_the_sign_in_is_accessible(visitor):
    walk(visitor(color_scheme="dark", viewport={"width": 320, "height": 640}), ["/sign-in/"])
