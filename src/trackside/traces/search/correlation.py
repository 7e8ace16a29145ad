"""The correlation of two filters over traces.  Pure.

It is the normalised pointwise mutual information: 1 if they always match together, 0 for chance, -1 if they never do.  The
smoothed value adds half a trace to each of the four cells (Jeffreys' prior), so that few traces have little weight.
"""

import math

SMOOTHING = 0.5


def npmi(joint: int, first: int, second: int, total: int) -> tuple[float, float]:
    """Return the plain and the smoothed value; NaN if a filter matches nothing."""
    if total <= 0 or first == 0 or second == 0:
        return math.nan, math.nan
    cells = (joint, first - joint, second - joint, total - first - second + joint)
    if min(cells) < 0:
        return math.nan, math.nan
    if joint == total:
        return 1.0, 1.0
    plain = -1.0 if joint == 0 else _value(cells)
    smoothed = _value((cells[0] + SMOOTHING, cells[1] + SMOOTHING, cells[2] + SMOOTHING, cells[3] + SMOOTHING))
    return plain, smoothed


def _value(cells: tuple[float, float, float, float]) -> float:
    both, only_first, only_second, neither = cells
    total = both + only_first + only_second + neither
    p_both, p_first, p_second = both / total, (both + only_first) / total, (both + only_second) / total
    found = math.log(p_both / (p_first * p_second)) / -math.log(p_both)
    return max(-1.0, min(1.0, found))
