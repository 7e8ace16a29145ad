"""Parses a scrape of `GET /metrics`, and evaluates PromQL queries on it."""

import re
from collections.abc import Callable
from typing import Any

from prometheus_client.parser import text_string_to_metric_families as parse

SELECTOR = re.compile(r"(?<![\w$\"])((?:trackside|process)_\w+)(?:\{([^}]*)\})?")
_MATCHER = re.compile(r'(\w+)(=~|!=|=)"((?:[^"\\]|\\.)*)"')
_TESTS: dict[str, Callable[[str, str], bool]] = {
    "=": lambda value, wanted: value == wanted,
    "!=": lambda value, wanted: value != wanted,
    "=~": lambda value, wanted: re.fullmatch(wanted, value) is not None,
}


def families(text: str) -> dict[str, Any]:
    return {family.name: family for family in parse(text)}


def samples(text: str, name: str) -> dict[tuple[tuple[str, str], ...], float]:
    """Values of the series of a name by their labels."""
    return {
        tuple(sorted(sample.labels.items())): sample.value
        for family in parse(text)
        for sample in family.samples
        if sample.name == name
    }


def total(text: str, name: str, **labels: str) -> float:
    """The sum over the series of a name that have these labels."""
    return sum(value for found, value in samples(text, name).items() if labels.items() <= dict(found).items())


def selectors(expr: str) -> list[str]:
    return [found[0] for found in SELECTOR.finditer(expr)]


def series_of(selector: str, text: str) -> list[dict[str, str]]:
    """The labels of each series that a selector such as `name{code="5xx"}` finds."""
    found = SELECTOR.fullmatch(selector)
    assert found is not None, selector
    matchers = _MATCHER.findall(found[2] or "")
    return [
        labels
        for labels in map(dict, samples(text, found[1]))
        if all(_TESTS[test](labels.get(label, ""), wanted) for label, test, wanted in matchers)
    ]
