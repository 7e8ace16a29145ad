"""Compares a current table with a reference: signals, data quality and verdicts of all columns."""

from msgspec import Struct
from msgspec.structs import replace

from trackside.drift import rules, signals
from trackside.drift.magnitude import Magnitude, magnitude
from trackside.drift.rules import Verdict
from trackside.drift.signals import Signal
from trackside.drift.sums import ColumnSums, Kind, TableSums
from trackside.drift.tables import Table

MOST_NAMED = 10  # new categories in a result


class Quality(Struct, frozen=True):
    """Data quality as shares of the rows."""

    null_share_reference: float
    null_share_current: float
    infinite_share_reference: float = 0.0
    infinite_share_current: float = 0.0
    misfit_share_reference: float = 0.0  # values of another type than the column's
    misfit_share_current: float = 0.0
    out_of_range_share: float = 0.0  # outside of the reference's range
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
    """Return the comparison.  Columns of the reference come first, in its order; a column of only one table is reported."""
    results = columns_of(reference.sums(with_chunks=rule_set == rules.CHUNKED_RULE), current.sums(), rule_set)
    found = None
    notes = []
    if rule_set == rules.MAGNITUDE_RULE:
        shared = {
            name: (reference.columns[name], current.columns[name])
            for name in reference.columns
            if name in current.columns
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


def columns_of(reference: TableSums, current: TableSums, rule_set: str) -> list[ColumnResult]:
    """Return the result of each column, those of the reference first."""
    names = dict.fromkeys([*reference.columns, *current.columns])
    return [column_of(name, reference.columns.get(name), current.columns.get(name), rule_set) for name in names]


def column_of(
    name: str, reference: ColumnSums | None, current: ColumnSums | None, rule_set: str = "default"
) -> ColumnResult:
    """Return the signals of a column, its quality, and the verdict of the rule set."""
    if current is None:
        assert reference is not None
        return ColumnResult(name, reference.kind, Verdict(True, reason="the column is missing in the current table"))
    if reference is None:
        return ColumnResult(name, current.kind, Verdict(False, reason="the column is missing in the reference"))
    reference, current = _same_kind(reference, current)
    if reference.kind == "other" or current.kind == "other":
        return ColumnResult(name, "other", Verdict(False, reason=f"columns of type {reference.type} are not compared"))
    quality = quality_of(reference, current)
    if reference.kind != current.kind:
        reason = f"the type is {current.type}, and {reference.type} in the reference"
        return ColumnResult(name, reference.kind, Verdict(True, reason=reason), quality)
    if not reference.size or not current.size:
        both = not reference.size and not current.size
        where = "both tables" if both else "the current table" if reference.size else "the reference"
        return ColumnResult(name, reference.kind, Verdict(not both, reason=f"no values in {where}"), quality)
    if reference.kind == "numeric":
        found = signals.numeric(reference.points, current.points)
    else:
        found = signals.category(reference, current)
    rule = rules.RULES.get(rule_set)
    verdict = rule(reference, current, found) if rule is not None else Verdict(False, reason="judged as a whole")
    return ColumnResult(name, reference.kind, verdict, quality, found)


def _same_kind(reference: ColumnSums, current: ColumnSums) -> tuple[ColumnSums, ColumnSums]:
    """Return both columns.  A column without values (type null, or text in CSV) gets the kind of the other one."""
    if reference.kind == "numeric" and current.kind == "category" and not current.size:
        return reference, replace(current, kind="numeric")
    if current.kind == "numeric" and reference.kind == "category" and not reference.size:
        return replace(reference, kind="numeric"), current
    return reference, current


def quality_of(reference: ColumnSums, current: ColumnSums) -> Quality:
    """Return the shares of missing, infinite, misfitting, out-of-range and new values."""
    quality = Quality(
        _share(reference.nulls, reference.rows),
        _share(current.nulls, current.rows),
        _share(reference.infinite, reference.rows),
        _share(current.infinite, current.rows),
        _share(reference.misfits, reference.rows),
        _share(current.misfits, current.rows),
    )
    if reference.kind == "numeric" and current.kind == "numeric" and reference.size:
        values, known = current.points.values, reference.points.values
        outside = (values < known[0]) | (values > known[-1])
        return replace(quality, out_of_range_share=_share(int(current.points.counts[outside].sum()), current.rows))
    if reference.kind == "category" and current.kind == "category":
        new = set(current.labels) - set(reference.labels)
        return replace(
            quality,
            new_category_share=_share(sum(current.labels[label] for label in new), current.rows),
            new_categories=sorted(new)[:MOST_NAMED],
            missing_categories=sorted(set(reference.labels) - set(current.labels))[:MOST_NAMED],
        )
    return quality


def _share(count: int, rows: int) -> float:
    return count / rows if rows else 0.0
