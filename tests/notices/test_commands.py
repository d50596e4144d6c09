"""What the commands refuse, and the audience keys on the command line."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from notices.models import AudienceKey
from tests.makers import make_published, make_recipient


def run(command: str, *arguments: object) -> str:
    output = StringIO()
    call_command(command, *arguments, stdout=output)
    return output.getvalue()


def test_made_up_people_never_join_real_ones(alice):
    with pytest.raises(CommandError, match="holds people already"):
        run("load_organisation")


def test_made_up_people_have_no_place_in_production(db, settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="no place"):
        run("load_organisation")


def test_a_folder_that_is_no_organisation_is_named(db, tmp_path):
    with pytest.raises(CommandError, match=r"people\.csv does not exist"):
        run("load_organisation", tmp_path)


def test_wrong_audience_keys_are_found_and_mended(alice, dave):
    make_published(author=alice, recipients=(make_recipient(members=(dave,)),))
    assert "are right" in run("check_audience_keys")

    AudienceKey.objects.update(revision=7)
    with pytest.raises(CommandError, match=r"1 audience keys are missing and 1 .* rebuild_audience_keys"):
        run("check_audience_keys")

    assert "1 audience keys" in run("rebuild_audience_keys")
    assert "are right" in run("check_audience_keys")
