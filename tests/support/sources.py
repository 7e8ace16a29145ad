"""The source that tests read: each text is parsed once in a process."""

import ast
import functools


@functools.cache
def tree(source: str) -> ast.Module:
    """Callers change nothing in it.  The trees are kept until `tests/unit/source/conftest.py` drops them."""
    return ast.parse(source)
