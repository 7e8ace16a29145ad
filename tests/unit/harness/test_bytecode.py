"""The test files that are rewritten before several processes run them."""

import importlib.util
import sys
from pathlib import Path

import pytest

from support.runner.bytecode import is_rewritten


@pytest.mark.skipif(sys.dont_write_bytecode, reason="nothing is kept")
def test_a_file_that_ran_is_rewritten() -> None:
    assert is_rewritten(Path(__file__))


def test_a_new_file_and_one_that_changed_since_are_not(tmp_path: Path) -> None:
    new, kept = tmp_path / "test_new.py", tmp_path / "test_kept.py"
    for each in (new, kept):
        each.write_text("assert True\n")
    head = importlib.util.MAGIC_NUMBER + bytes([3, 0, 0, 0]) + importlib.util.source_hash(kept.read_bytes())
    plain = Path(importlib.util.cache_from_source(kept))
    plain.parent.mkdir(parents=True)
    plain.with_name(f"{plain.stem}-pytest-9.pyc").write_bytes(head + b"code")
    before = is_rewritten(kept)

    kept.write_text("assert 1\n")

    assert (is_rewritten(new), before, is_rewritten(kept)) == (False, True, False)
