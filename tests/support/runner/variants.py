"""Variants of a test: all of them in `make test-all`, and in `make test` a few."""

import itertools
from collections.abc import Sequence
from typing import Any

import pytest


def crossed(
    names: str, *values: Sequence[Any], quick: Sequence[tuple[Any, ...]], slow: Sequence[Any] = ()
) -> pytest.MarkDecorator:
    """Run a test with every combination of the values; those that are not `quick` are slow.

    Each value is in a quick combination, or in `slow`."""
    combinations = list(itertools.product(*values))
    lacking = [each for each in quick if each not in combinations]
    if lacking:
        raise ValueError(f"{lacking} are no combinations of {values}")
    for number, each in enumerate(values):
        if {combination[number] for combination in quick} != set(each) - set(slow):
            raise ValueError(f"each value of {each} must be in a quick combination or in {slow}, and not in both")
    return pytest.mark.parametrize(
        names.split(),
        [pytest.param(*each, marks=() if each in quick else pytest.mark.slow) for each in combinations],
    )
