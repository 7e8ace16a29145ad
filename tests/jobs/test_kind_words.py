"""The web UI has a label for each kind of job; the English labels are the server's."""

import re
from pathlib import Path

import pytest

from trackside import app

WORDS = Path(__file__).parents[2] / "web" / "src" / "nouns" / "job"


def titles(application: app.App) -> dict[str, str]:
    """The titles of all kinds by name, also of those that no caller may start."""
    application.complete()
    (listed,) = [route for route in application.asgi._table.routes if route.paths == ("/api/trackside/v1/job-kinds",)]
    return {name: kind.title for name, kind in listed.handler.__self__._kinds._by_name.items()}


def words(language: str) -> dict[str, str]:
    text = (WORDS / f"strings.{language}.ts").read_text("utf-8")
    block = text.partition("  kinds: {\n")[2].partition("  },\n")[0]
    return dict(re.findall(r'^    "?([\w-]+)"?: "(.+)",$', block, re.MULTILINE))


def test_the_english_labels_are_the_titles_of_the_server(application: app.App) -> None:
    assert words("en") == titles(application)


@pytest.mark.parametrize("language", ["es"])
def test_each_kind_of_job_has_a_label(language: str) -> None:
    assert words(language).keys() == words("en").keys()
