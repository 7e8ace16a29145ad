"""The web UI has labels for values of the server: reasons of faults, built-in roles, formulas of drift signals."""

import ast
import re
from pathlib import Path
from typing import get_args

import pytest

from support.sources import tree
from trackside.access import builtin
from trackside.core.errors import Because
from trackside.drift import signals
from trackside.scorer.batch.spark import stream

pytestmark = pytest.mark.source

ROOT = Path(__file__).parents[3]
WORDS = (ROOT / "web" / "src" / "api" / "fault.es.ts").read_text("utf-8")


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def reasons() -> set[tuple[str, str | None]]:
    """The keys and kinds that the source names; a kind that is found out only when it runs is left out."""
    found: set[tuple[str, str | None]] = set()
    for module in (ROOT / "src" / "trackside").rglob("*.py"):
        for node in ast.walk(tree(module.read_text("utf-8"))):
            if isinstance(node, ast.Call) and called(node) in ("because", "cause"):
                (key,) = node.args
                if isinstance(key, ast.Attribute):  # the reason of a fault that is passed on
                    continue
                assert isinstance(key, ast.Constant)
                kinds = {each.arg: each.value for each in node.keywords}
                kind = kinds.get("kind")
                found.add((str(key.value), str(kind.value) if isinstance(kind, ast.Constant) else None))
    return found


def block(name: str) -> set[str]:
    text = WORDS.partition(f"const {name}")[2].partition("\n};")[0]
    return set(re.findall(r"^  (\w+):", text, re.MULTILINE))


def test_each_reason_has_a_label() -> None:
    given = reasons()

    assert {key for key, _ in given} == set(get_args(Because)) == set(re.findall(r'case "([\w-]+)":', WORDS))
    assert {kind for key, kind in given if kind and key != "bad-name"} <= block("KINDS")
    assert {kind for key, kind in given if kind and key == "bad-name"} <= block("RULES")


def test_each_message_of_a_job_has_a_label() -> None:
    given = set(stream.STATES)
    for module in (ROOT / "src" / "trackside").rglob("*.py"):
        for node in ast.walk(tree(module.read_text("utf-8"))):
            if isinstance(node, ast.Call) and called(node) in ("progress", "report", "_report"):
                keys = [each.value for each in node.keywords if each.arg == "key"]
                given |= {str(each.value) for each in keys if isinstance(each, ast.Constant)}

    for language in ("en", "es"):
        text = (ROOT / "web" / "src" / "nouns" / "job" / f"strings.{language}.ts").read_text("utf-8")
        block = text.partition("  messages: {\n")[2].partition("\n  }")[0]
        assert set(re.findall(r'^    "?([\w-]+)"?: \(', block, re.MULTILINE)) == given


def catalogue(noun: str, language: str, name: str) -> dict[str, str]:
    text = (ROOT / "web" / "src" / "nouns" / noun / f"strings.{language}.ts").read_text("utf-8")
    found = text.partition(f"  {name}: {{\n")[2].partition("\n  },")[0]
    return dict(re.findall(r'^    "?([^"\n]+?)"?:\s+"(.+)",$', found, re.MULTILINE))


def test_each_built_in_role_has_a_label_and_the_english_one_is_the_servers() -> None:
    words = catalogue("access", "en", "builtIn")

    assert words == {role.name: role.description for role in builtin.ALL}
    assert catalogue("access", "es", "builtIn").keys() == words.keys()


def test_each_formula_of_a_signal_has_a_label() -> None:
    variants = {text for name, text in vars(signals).items() if name.isupper() and isinstance(text, str)}

    for language in ("en", "es"):
        assert catalogue("monitor", language, "variants").keys() == variants


def test_each_labelled_note_of_a_window_exists_on_the_server() -> None:
    said = {
        node.value
        for module in (ROOT / "src" / "trackside" / "drift" / "monitors").glob("*.py")
        for node in ast.walk(tree(module.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    words = catalogue("monitor", "en", "notes")

    assert len(words) == 5
    assert words.keys() <= said
    assert catalogue("monitor", "es", "notes").keys() == words.keys()
