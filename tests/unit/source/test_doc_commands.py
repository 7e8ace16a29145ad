"""The command line takes every `trackside` command that a page shows."""

import argparse
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

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


def test_each_command_that_a_page_shows_has_flags_that_exist() -> None:
    shown = [(page, words) for page in PAGES for words in commands(page.read_text("utf-8"))]

    assert shown
    assert [
        f"{page.relative_to(ROOT)}: {shlex.join(['trackside', *words])}"
        for page, words in shown
        if not _is_taken(words)
    ] == []


def _is_taken(words: list[str]) -> bool:
    try:
        _, strange = _parser(words[0] if words else "").parse_known_args(words)
    except SystemExit as left:
        return not left.code
    return not strange


@cache
def _parser(command: str) -> argparse.ArgumentParser:
    return main._parser(command)
