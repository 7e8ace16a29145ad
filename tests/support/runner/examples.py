"""The examples of random tests: the same few each time, or with `--vary` more of them, from a seed.

`make test` gives every random test the same examples, so that it fails only after a change of the code.  `make test-all` gives
`--vary`: tests try all their examples, made from a seed that is printed at the end; `--seed` replays them.
"""

from hypothesis import HealthCheck, settings

MOST = 100  # examples of a test that does not say how many
SHARE = 10  # one of so many examples is tried where they do not vary
FEWEST = 4
# It reads the clock: on a busy machine a test that is sound would fail.
NOT_CHECKED = [HealthCheck.too_slow]
# For a test whose fixture serves all of its examples.
NOT_CHECKED_WITH_FIXTURE = [*NOT_CHECKED, HealthCheck.function_scoped_fixture]


def load(*, vary: bool) -> None:
    """Choose for this process, before tests are collected."""
    settings.register_profile(
        "fixed",
        derandomize=True,
        max_examples=_share_of(MOST),
        database=None,
        deadline=None,
        suppress_health_check=NOT_CHECKED,
    )
    settings.register_profile(
        "vary",
        max_examples=MOST,
        database=None,
        deadline=None,
        print_blob=True,
        suppress_health_check=NOT_CHECKED,
    )
    settings.load_profile("vary" if vary else "fixed")


def varies() -> bool:
    return not settings().derandomize


def examples(most: int) -> int:
    """The `max_examples` of a test that tries `most` of them where they vary."""
    return most if varies() else _share_of(most)


def _share_of(most: int) -> int:
    return max(FEWEST, most // SHARE)
