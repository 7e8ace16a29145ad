"""Windows, incidents and outcomes, without a server."""

from datetime import UTC, datetime
from typing import get_args

import numpy as np
import pytest

from drift.monitors.conftest import DAY, HOUR, MONDAY
from trackside.core.errors import Invalid
from trackside.drift.monitors import outcomes, windows
from trackside.drift.monitors.incidents import lifecycle as incidents
from trackside.drift.monitors.incidents.lifecycle import Row
from trackside.drift.monitors.model import Score
from trackside.drift.monitors.windows import Size, Window

MADRID, UTC_ZONE = windows.zone("Europe/Madrid"), windows.zone("UTC")


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def test_a_window_is_aligned(subtests: pytest.Subtests) -> None:
    cases: list[tuple[Size, str, str]] = [
        ("hour", "2026-03-11T15:00", "2026-03-11T16:00"),
        ("day", "2026-03-11T00:00", "2026-03-12T00:00"),
        ("week", "2026-03-09T00:00", "2026-03-16T00:00"),  # a Monday
        ("month", "2026-03-01T00:00", "2026-04-01T00:00"),
    ]
    for size, start, end in cases:
        with subtests.test(size=size, start=start, end=end):
            assert windows.at(ms("2026-03-11T15:30"), size, UTC_ZONE) == Window(ms(start), ms(end))


def test_a_day_on_which_the_clock_changes_has_another_length() -> None:
    spring = windows.at(ms("2026-03-29T12:00"), "day", MADRID)
    autumn = windows.at(ms("2026-10-25T12:00"), "day", MADRID)

    assert (spring.end - spring.start, autumn.end - autumn.start) == (23 * HOUR, 25 * HOUR)


def test_windows_follow_one_another_without_gaps(subtests: pytest.Subtests) -> None:
    for size in get_args(windows.Size):
        with subtests.test(size=size):
            window = windows.at(ms("2026-01-15T10:00"), size, MADRID)
            for _ in range(60):
                following = windows.after(window, size, MADRID)

                assert following.start == window.end
                assert windows.before(following, size, MADRID) == window
                assert windows.at(window.start, size, MADRID) == window == windows.at(window.end - 1, size, MADRID)
                window = following


def test_a_window_is_complete_when_its_latency_is_over() -> None:
    late = windows.last_complete(MONDAY + DAY + HOUR, 2 * HOUR, "day", UTC_ZONE)
    now = windows.last_complete(MONDAY + DAY + 2 * HOUR, 2 * HOUR, "day", UTC_ZONE)

    assert (late.start, now.start) == (MONDAY - DAY, MONDAY)


def test_an_invalid_time_is_named(subtests: pytest.Subtests) -> None:
    cases = ["yesterday", "2026-13-01", "-5", "9999999999999999", "1e400", "10000-01-01"]
    for given in cases:
        with subtests.test(given=given), pytest.raises(Invalid, match="start is "):
            windows.time_of("start", given)


def row(day: int, *values: float) -> Row:
    scores = [Score(f"c{at}", "drift", value, 0.1, is_over=value >= 0.1) for at, value in enumerate(values)]
    return Row(MONDAY + day * DAY, scores)


def test_an_incident_closes_after_two_calm_windows_in_a_row() -> None:
    values = [0.02, 0.2, 0.3, 0.05, 0.09, 0.05, 0.05, 0.02, 0.2]

    first, second = incidents.replay(row(day, value) for day, value in enumerate(values))

    assert ((first.opened_at - MONDAY) // DAY, ((first.closed_at or 0) - MONDAY) // DAY) == (1, 6)
    assert (first.worst, second.opened_at, second.closed_at) == (0.3, MONDAY + 8 * DAY, None)


def test_an_incident_is_reported_again_each_week() -> None:
    (found,) = incidents.replay(row(day, 0.2) for day in range(16))

    assert (found.notices, found.notified_at) == (3, MONDAY + 14 * DAY)


def test_columns_have_incidents_of_their_own() -> None:
    found = incidents.replay([row(0, 0.2, 0.0), row(1, 0.2, 0.3), row(2, 0.0, 0.3), row(3, 0.0, 0.3)])

    assert [(each.column, each.closed_at is None) for each in found] == [("c0", False), ("c1", True)]


def test_replaying_from_an_open_incident_gives_what_replaying_all_gives() -> None:
    dice = np.random.default_rng(5)
    rows = [row(day, *dice.uniform(0, 0.2, 3)) for day in range(60)]
    whole = incidents.replay(rows)
    for at in range(1, 60):
        start = rows[at].start
        spanning = [  # as `incident_store.synchronize` chooses
            each for each in whole if each.opened_at < start and (each.closed_at is None or each.closed_at >= start)
        ]
        begin = min([start, *(each.opened_at for each in spanning)])

        part = incidents.replay(each for each in rows if each.start >= begin)

        assert {each for each in part if each.opened_at >= start} == {each for each in whole if each.opened_at >= start}


def test_errors_of_a_regression_can_be_merged() -> None:
    parts = [
        outcomes.of_rows([1.0, 2.0, None], None, ["2", 4.0, 1.0], is_regression=True),
        outcomes.of_rows([float("nan"), 3.0], None, [1.0, None], is_regression=True),
    ]

    assert outcomes.realised(outcomes.merged(parts)) == {"mae": 1.5, "mse": 2.5, "rmse": pytest.approx(2.5**0.5)}
