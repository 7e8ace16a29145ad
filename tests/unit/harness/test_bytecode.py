"""Which files of tests are rewritten before several processes run them."""

import os
import sys
from pathlib import Path

import pytest

from support.runner.bytecode import is_rewritten


@pytest.mark.skipif(sys.dont_write_bytecode, reason="nothing is kept")
def test_a_file_that_ran_is_rewritten() -> None:
    assert is_rewritten(Path(__file__))


def test_a_new_file_and_one_that_changed_since_are_not(tmp_path: Path) -> None:
    new, changed = tmp_path / "test_new.py", tmp_path / "test_changed.py"
    for each in (new, changed):
        each.touch()
    kept = tmp_path / "__pycache__" / f"test_changed.{sys.implementation.cache_tag}-pytest-8.pyc"
    kept.parent.mkdir()
    kept.touch()
    before = is_rewritten(changed)

    os.utime(kept, (1, 1))

    assert (is_rewritten(new), before, is_rewritten(changed)) == (False, True, False)
