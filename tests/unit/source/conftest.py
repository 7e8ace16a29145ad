"""Syntax trees of the whole source are kept only as long as tests of this folder run.

They are more than a million objects without cycles.  A full garbage collection among them takes about a second, and the end of
the interpreter makes several.
"""

import gc
from pathlib import Path

import pytest

from support.sources import tree

HERE = Path(__file__).parent


def pytest_runtest_setup() -> None:
    gc.disable()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    if nextitem is None or HERE not in nextitem.path.parents:
        tree.cache_clear()
        gc.enable()
