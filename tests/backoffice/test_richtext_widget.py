"""The editor in forms. What happens in the browser is tested in the browser."""

import pytest
from django import forms
from django.contrib.admin import AdminSite
from unfold.admin import ModelAdmin, StackedInline

from backoffice.richtext import MAX_LENGTH
from backoffice.richtext_widget import RichTextFormField, RichTextWidget
from notices.models import Category, Notice
from recipients.models import User


@pytest.fixture(autouse=True)
def _plain_static_files(settings):
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}


class Form(forms.Form):
    content = RichTextFormField()


@pytest.fixture
def request_of_root(rf):
    request = rf.get("/")
    request.user = User(is_superuser=True)
    return request


class NoticeInline(StackedInline):
    model = Notice
    fields = ("content",)


def test_an_unfold_admin_shows_the_editor_without_being_told(request_of_root):
    form = ModelAdmin(Notice, AdminSite()).get_form(request_of_root, fields=("content",))

    assert isinstance(form.base_fields["content"], RichTextFormField)
    assert isinstance(form.base_fields["content"].widget, RichTextWidget)


def test_an_unfold_inline_shows_the_editor_without_being_told(request_of_root):
    formset = NoticeInline(Category, AdminSite()).get_formset(request_of_root)

    assert isinstance(formset.form.base_fields["content"].widget, RichTextWidget)


def test_the_text_area_says_where_the_library_is_and_carries_no_script():
    html = str(Form()["content"])

    assert 'data-richtext="/static/django_prose_editor/editor.js"' in html
    assert "<script" not in html
    assert "required" not in html.replace("aria-required", "")


def test_the_page_loads_files_only():
    html = str(Form().media)

    assert '<script src="/static/backoffice/richtext.js" type="module"></script>' in html
    assert html.count("<script") == 1
    assert "importmap" not in html


def test_a_form_gives_clean_text():
    form = Form({"content": "<p onclick=x>Hello</p><script>x</script>"})

    assert form.is_valid()
    assert form.cleaned_data == {"content": "<p>Hello</p>"}


@pytest.mark.parametrize("text", ["", "<p></p>", "<table><tr><td></td></tr></table>", "<script>x</script>"])
def test_a_form_without_visible_text_says_so(text):
    form = Form({"content": text})

    assert form.errors == {"content": ["Write something: the text is empty."]}


def test_what_was_typed_comes_back_with_the_error():
    text = "<p>" + "Hello " * MAX_LENGTH + "</p>"
    form = Form({"content": text})

    [error] = form.errors["content"]
    assert error.startswith("The text is too long: 600007 characters")
    assert "&lt;p&gt;Hello Hello" in str(form["content"])


def test_a_new_line_sent_as_two_characters_is_no_change():
    field = RichTextFormField()

    assert not field.has_changed("<p>a\nb</p>", "<p>a\r\nb</p>")
    assert field.has_changed("<p>a</p>", "<p>b</p>")
    assert not field.has_changed(None, "<p></p>")
