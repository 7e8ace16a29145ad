"""The command line takes every `trackside` command that a page shows."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from trackside.cli import main

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHELLS = {"", "sh", "bash"}
ENDS = {"|", "&", "&&", "||", ";", ">", ">>", "<", "(", ")"}  # of a command of a shell


def commands(text: str) -> Iterator[list[str]]:
    """The words of each command `trackside` in the blocks of a page."""
    for language, block in BLOCK.findall(text):
        if language in SHELLS:
            for line in block.replace("\\\n", " ").splitlines():
                yield from _of_line(line)


def _of_line(line: str) -> Iterator[list[str]]:
    if "trackside " not in line or "…" in line or "..." in line:
        return
    reader = shlex.shlex(line, posix=True, punctuation_chars=True)
    reader.whitespace_split = True
    try:
        words = list(reader)
    except ValueError:  # a block of another language, or the beginning of a quotation
        return
    starts = [0, *(at + 1 for at, word in enumerate(words) if word in ENDS)]
    for start in starts:
        if words[start : start + 1] == ["trackside"]:
            rest = words[start + 1 :]
            yield rest[: next((at for at, word in enumerate(rest) if word in ENDS), len(rest))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_command_that_a_page_shows_has_flags_that_exist(page: Path) -> None:
    wrong = []
    for words in commands(page.read_text("utf-8")):
        parser = main._parser(words[0] if words else "")
        try:
            _, strange = parser.parse_known_args(words)
        except SystemExit as left:
            strange = words if left.code else []
        wrong += [" ".join(["trackside", *words])] if strange else []

    assert wrong == []
