"""A comparison as one HTML file, without scripts and external resources."""

from html import escape

import numpy as np
from msgspec import Struct

from trackside.drift.comparison import ColumnResult, Comparison
from trackside.drift.signals import aligned
from trackside.drift.sums import ColumnSums, Floats, TableSums, merged_points

BINS, MOST_CATEGORIES = 30, 20
WIDTH, HEIGHT = 360, 90
_STYLE = """
body { font: 14px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #191d23; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 4px 12px; border-bottom: 1px solid #dde1e7; }
td.number { text-align: right; font-variant-numeric: tabular-nums; } .drifted { color: #b0241d; font-weight: 600; }
section { margin-top: 2rem; } .muted { color: #5c6472; } figure { margin: 0; } svg { max-width: 100%; }
.reference { fill: #3455c9; opacity: 0.45; } .current { fill: #b5820c; opacity: 0.45; }
"""


class _Bars(Struct):
    reference: Floats
    current: Floats
    caption: str


def html(comparison: Comparison, reference: TableSums, current: TableSums) -> str:
    """Return the page."""
    word = "Drift" if comparison.drifted else "No drift"
    shown = sorted(comparison.columns, key=lambda each: not each.verdict.drifted)
    rows = "".join(map(_row, shown))
    sections = "".join(_section(each, reference, current) for each in shown)
    magnitude = ""
    if comparison.magnitude is not None:
        shares = ", ".join(
            f"{name} {share:.1%}" for name, share in list(comparison.magnitude.contributions.items())[:5]
        )
        magnitude = f"<p>Magnitude {comparison.magnitude.value:.3f}; contributions: {escape(shares)}.</p>"
    notes = "".join(f"<p>{escape(note)}</p>" for note in comparison.notes)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{word}</title><style>{_STYLE}</style></head><body>'
        f"<h1>{word}: {len(comparison.drifted_columns)} of {len(comparison.columns)} columns</h1>"
        f"<p>Reference {escape(comparison.reference)}, {comparison.rows_reference:,} rows."
        f" Current {escape(comparison.current)}, {comparison.rows_current:,} rows."
        f" Rules: {escape(comparison.rules)}.</p>{magnitude}{notes}"
        "<table><thead><tr><th>Column</th><th>Verdict</th><th>Signal</th><th>Value</th><th>Threshold</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>{sections}</body></html>"
    )


def _row(result: ColumnResult) -> str:
    verdict = result.verdict
    word = '<span class="drifted">drifted</span>' if verdict.drifted else verdict.word
    what = f"{verdict.signal}, {verdict.variant}" if verdict.signal else verdict.reason
    return (
        f"<tr><td>{escape(result.name)}</td><td>{word}</td><td>{escape(what)}</td>"
        f'<td class="number">{_number(verdict.value)}</td><td class="number">{_number(verdict.threshold)}</td></tr>'
    )


def _section(result: ColumnResult, reference: TableSums, current: TableSums) -> str:
    one, other = reference.columns.get(result.name), current.columns.get(result.name)
    figure = _figure(one, other) if result.signals and one is not None and other is not None else ""
    rows = "".join(
        f'<tr><td>{escape(each.name)}</td><td>{escape(each.variant)}</td><td class="number">{_number(each.value)}</td>'
        f'<td class="number">{_number(each.p_value)}</td></tr>'
        for each in result.signals
    )
    table = (
        f"<table><thead><tr><th>Signal</th><th>Variant</th><th>Value</th><th>p-value</th></tr></thead><tbody>{rows}</tbody></table>"
        if rows
        else ""
    )
    return f"<section><h2>{escape(result.name)}</h2>{_quality(result)}{figure}{table}</section>"


def _quality(result: ColumnResult) -> str:
    found = result.quality
    if found is None:
        return f"<p>{escape(result.verdict.reason)}</p>"
    words = [f"Missing values: {found.null_share_reference:.2%} in the reference, {found.null_share_current:.2%} now."]
    if found.out_of_range_share:
        words.append(f"Out of the reference's range: {found.out_of_range_share:.2%}.")
    if found.new_categories:
        words.append(
            f"New categories in {found.new_category_share:.2%} of the rows: {', '.join(found.new_categories)}."
        )
    if found.missing_categories:
        words.append(f"Missing categories: {', '.join(found.missing_categories)}.")
    return f"<p>{escape(' '.join(words))}</p>"


def _figure(reference: ColumnSums, current: ColumnSums) -> str:
    bars = _bars(reference, current)
    top = max(float(bars.reference.max()), float(bars.current.max())) or 1.0
    width = WIDTH / len(bars.reference)

    def drawn(values: Floats, kind: str) -> str:
        return "".join(
            f'<rect class="{kind}" x="{at * width:.1f}" y="{HEIGHT * (1 - value / top):.1f}" width="{width * 0.9:.1f}"'
            f' height="{HEIGHT * value / top:.1f}"/>'
            for at, value in enumerate(values)
        )

    return (
        f'<figure><svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img"'
        f' aria-label="Histograms of {escape(reference.name, quote=True)}">'
        f"{drawn(bars.reference, 'reference')}{drawn(bars.current, 'current')}</svg>"
        f'<figcaption class="muted">{escape(bars.caption)} Blue: reference; yellow: current.</figcaption></figure>'
    )


def _bars(reference: ColumnSums, current: ColumnSums) -> _Bars:
    if reference.kind == "numeric":
        low, high = merged_points([reference.points, current.points]).quantiles(np.array([0.001, 0.999]))
        edges = np.linspace(low, high if high > low else low + 1, BINS + 1)
        first, second = (
            np.histogram(np.clip(each.values, edges[0], edges[-1]), edges, weights=each.counts)[0] / each.size
            for each in (reference.points, current.points)
        )
        return _Bars(first, second, f"From {edges[0]:.6g} to {edges[-1]:.6g}; values beyond are in the outer bins.")
    counts = aligned(reference, current)
    labels = sorted({*reference.counts, *current.counts})
    order = np.argsort(-(counts[0] + counts[1]))[:MOST_CATEGORIES]
    first, second = (each[order] / each.sum() for each in counts)
    return _Bars(first, second, f"{', '.join(labels[at] for at in order)}.")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
