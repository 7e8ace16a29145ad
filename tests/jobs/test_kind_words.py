"""The web UI has words for each kind of jobs."""

import re
from pathlib import Path

import pytest

from support.client import Api

WORDS = Path(__file__).parents[2] / "web" / "src" / "nouns" / "job"


@pytest.mark.parametrize("language", ["en", "es"])
def test_each_kind_has_words(api: Api, language: str) -> None:
    text = (WORDS / f"words.{language}.ts").read_text("utf-8")
    block = text.partition("  kinds: {\n")[2].partition("  },\n")[0]
    named = set(re.findall(r'^    "?([\w-]+)"?:', block, re.MULTILINE))

    kinds = {kind["name"] for kind in api.get("/api/trackside/v1/job-kinds")["kinds"]}

    assert kinds <= named
