"""How random tests are run: the same few examples each time, or with `--vary` more of them, from a seed.

`make test` gives every random test the same examples, so that it fails for a change of the code only.  `make test-all` gives
`--vary`: tests try all the examples that they ask for, made from a seed that is printed at the end; `--seed` replays them.
"""

from hypothesis import settings

SHARE = 5  # one of so many examples is tried where they do not vary
FEWEST = 4


def load(*, vary: bool) -> None:
    """Choose for this process, before tests are collected."""
    settings.register_profile("fixed", derandomize=True, database=None, deadline=None)
    settings.register_profile("vary", database=None, deadline=None, print_blob=True)
    settings.load_profile("vary" if vary else "fixed")


def varies() -> bool:
    return not settings().derandomize


def examples(most: int) -> int:
    """The `max_examples` of a test that tries `most` of them where they vary."""
    return most if varies() else max(FEWEST, most // SHARE)
