"""Compares a current table with a reference: signals, data quality and verdicts of all columns."""

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from trackside.drift import rules, signals
from trackside.drift.magnitude import Magnitude, magnitude
from trackside.drift.rules import Verdict
from trackside.drift.signals import Signal
from trackside.drift.tables import Column, Kind, Table

MOST_NAMED = 10  # of new categories


class Quality(Struct, frozen=True):
    """Shares of the rows."""

    null_share_reference: float
    null_share_current: float
    infinite_share_reference: float = 0.0
    infinite_share_current: float = 0.0
    out_of_range_share: float = 0.0  # below the least or above the greatest number of the reference
    new_category_share: float = 0.0
    new_categories: list[str] = []  # some of them
    missing_categories: list[str] = []


class ColumnResult(Struct, frozen=True, omit_defaults=True):
    name: str
    kind: Kind
    verdict: Verdict
    quality: Quality | None = None
    signals: list[Signal] = []


class Comparison(Struct, frozen=True, omit_defaults=True):
    reference: str
    current: str
    rows_reference: int
    rows_current: int
    rules: str
    drifted: bool
    drifted_columns: list[str]
    columns: list[ColumnResult]
    magnitude: Magnitude | None = None
    notes: list[str] = []


def compare(reference: Table, current: Table, rule_set: str = "default") -> Comparison:
    """Return what differs.  Columns of the reference come first, in its order; a column that only one table has is reported."""
    names = list(dict.fromkeys([*reference.columns, *current.columns]))
    results = [_column(name, reference.columns.get(name), current.columns.get(name), rule_set) for name in names]
    found = None
    notes = []
    if rule_set == rules.MAGNITUDE_RULE:
        shared = {
            name: (reference.columns[name], current.columns[name])
            for name in names
            if name in reference.columns and name in current.columns
        }
        found = magnitude(shared, reference.rows, current.rows)
        if found is None:
            notes.append("No magnitude: it needs 50 rows in each table, and a column that the classifier can use.")
    is_drifted = rules.of_table(rule_set, [each.verdict for each in results])
    if found is not None:
        is_drifted = is_drifted or found.value > rules.V1_MAGNITUDE
    return Comparison(
        reference=reference.name,
        current=current.name,
        rows_reference=reference.rows,
        rows_current=current.rows,
        rules=rule_set,
        drifted=is_drifted,
        drifted_columns=[each.name for each in results if each.verdict.drifted],
        columns=results,
        magnitude=found,
        notes=notes,
    )


def _column(name: str, reference: Column | None, current: Column | None, rule_set: str) -> ColumnResult:
    if current is None:
        assert reference is not None
        return ColumnResult(name, reference.kind, Verdict(True, reason="the column is missing in the current table"))
    if reference is None:
        return ColumnResult(name, current.kind, Verdict(False, reason="the column is missing in the reference"))
    reference, current = _same_kind(reference, current)
    if reference.kind == "other" or current.kind == "other":
        return ColumnResult(name, "other", Verdict(False, reason=f"columns of type {reference.type} are not compared"))
    quality = _quality(reference, current)
    if reference.kind != current.kind:
        reason = f"the type is {current.type}, and {reference.type} in the reference"
        return ColumnResult(name, reference.kind, Verdict(True, reason=reason), quality)
    if not len(reference.values) or not len(current.values):
        both = not len(reference.values) and not len(current.values)
        where = "both tables" if both else "the current table" if len(reference.values) else "the reference"
        return ColumnResult(name, reference.kind, Verdict(not both, reason=f"no values in {where}"), quality)
    if reference.kind == "numeric":
        found = signals.numeric(reference.values, current.values)
    else:
        found = signals.category(reference, current)
    rule = rules.RULES.get(rule_set)
    verdict = rule(reference, current, found) if rule is not None else Verdict(False, reason="judged as a whole")
    return ColumnResult(name, reference.kind, verdict, quality, found)


def _same_kind(reference: Column, current: Column) -> tuple[Column, Column]:
    """A column without a value has the type null, or text in CSV: it is of the other one's kind."""
    empty = np.array([], dtype=np.float64)

    def as_number(column: Column) -> Column:
        return Column(column.name, "numeric", column.type, column.rows, column.nulls, 0, empty)

    if reference.kind == "numeric" and current.kind == "category" and not len(current.values):
        return reference, as_number(current)
    if current.kind == "numeric" and reference.kind == "category" and not len(reference.values):
        return as_number(reference), current
    return reference, current


def _quality(reference: Column, current: Column) -> Quality:
    quality = Quality(
        _share(reference.nulls, reference.rows),
        _share(current.nulls, current.rows),
        _share(reference.infinite, reference.rows),
        _share(current.infinite, current.rows),
    )
    if reference.kind == "numeric" and current.kind == "numeric" and len(reference.values):
        outside = (current.values < reference.values.min()) | (current.values > reference.values.max())
        return replace(quality, out_of_range_share=_share(int(outside.sum()), current.rows))
    if reference.kind == "category" and current.kind == "category":
        new = _only_in(current, reference)
        counts = np.bincount(current.values, minlength=max(1, len(current.labels)))
        rows = sum(int(counts[at]) for at, label in enumerate(current.labels) if label in new)
        return replace(
            quality,
            new_category_share=_share(rows, current.rows),
            new_categories=sorted(new)[:MOST_NAMED],
            missing_categories=sorted(_only_in(reference, current))[:MOST_NAMED],
        )
    return quality


def _only_in(one: Column, other: Column) -> set[str]:
    return set(one.labels) - set(other.labels)


def _share(count: int, rows: int) -> float:
    return count / rows if rows else 0.0
