"""Numbers with their nouns (core/counts.py)."""

import pytest

from trackside.core.counts import counted


def test_a_noun_agrees_with_its_number(subtests: pytest.Subtests) -> None:
    cases = [
        (0, "points", "0 points"),
        (1, "points", "1 point"),
        (2, "aliases", "2 aliases"),
        (1, "aliases", "1 alias"),
        (1, "unsent_deliveries", "1 unsent delivery"),
        (1, "log entries", "1 log entry"),
        (1, "dataset inputs", "1 dataset input"),
    ]
    for count, plural, said in cases:
        with subtests.test(count=count, plural=plural, said=said):
            assert counted(count, plural) == said
