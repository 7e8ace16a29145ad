"""`trackside drift compare`: two tables, without a server."""

import argparse
from typing import TYPE_CHECKING

from trackside.cli.output import OK, Stop, print_error, say, table, write_file
from trackside.cli.output import json as as_json

if TYPE_CHECKING:  # it needs an extra
    from trackside.drift.comparison import Comparison

DRIFT = 3  # exit code


def compare(args: argparse.Namespace) -> int:
    """Print the differences; return DRIFT if the rule set reports drift."""
    try:
        from trackside.drift import comparison, report, tables  # noqa: PLC0415  # needs an extra
    except ImportError as missing:
        raise Stop(f"{missing.name} is not installed; run: pip install 'trackside[drift]'") from None
    wanted = args.columns or None
    try:
        reference, current = (tables.read(each, wanted) for each in (args.reference, args.current))
    except tables.Unreadable as fault:
        raise Stop(str(fault)) from None
    for each in (reference, current):
        if not each.rows:
            raise Stop(f"{each.name} has no rows")
    unknown = [name for name in wanted or () if name not in reference.columns and name not in current.columns]
    if unknown:
        raise Stop(f"--columns names {unknown[0]!r}, which neither table has")
    try:
        found = comparison.compare(reference, current, args.rules)
    except ImportError as missing:
        raise Stop(f"{missing.name} is not installed; run: pip install 'trackside[drift]'") from None
    if args.html:
        write_file("--html", args.html, report.html(found, reference.sums(), current.sums()).encode())
    if args.json:
        say(as_json(found))
    else:
        _show(found)
    return DRIFT if found.drifted else OK


def _show(found: "Comparison") -> None:
    rows = [("COLUMN", "VERDICT", "SIGNAL", "VALUE", "THRESHOLD", "VARIANT")]
    for column in found.columns:
        verdict, word = column.verdict, column.verdict.word
        if not verdict.signal:
            rows.append((column.name, word, "", "", "", verdict.reason))
        for each in column.signals:
            decides = each.variant == verdict.variant and verdict.signal in (each.name, f"{each.name}_p")
            value = f"{each.value:.6g}" if each.p_value is None else f"{each.value:.6g} (p {each.p_value:.3g})"
            threshold = f"{verdict.threshold:.6g}" if decides and verdict.threshold is not None else ""
            rows.append((column.name, word if decides else "", each.name, value, threshold, each.variant))
    say(table(rows))
    for note in found.notes:
        print_error(note)
    if found.magnitude is not None:
        say(f"magnitude {found.magnitude.value:.4f}")
    count = len(found.drifted_columns)
    say(f"{'drift' if found.drifted else 'no drift'}: {count} of {len(found.columns)} columns, rules {found.rules}")
