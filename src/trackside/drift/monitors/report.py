"""A window of a monitor as one HTML file, without scripts and external resources.  Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape

import msgspec

from trackside.drift.monitors import windows
from trackside.drift.monitors.evaluation import Column, Histogram, Result
from trackside.drift.monitors.model import Monitor, Score, ShownIncident
from trackside.drift.monitors.store import Stored

WIDTH, HEIGHT, LINE = 360, 90, 40
MOST_TIMELINES = 30
_STYLE = """
body { font: 14px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #191d23; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 4px 12px; border-bottom: 1px solid #dde1e7; vertical-align: top; }
td.number { text-align: right; font-variant-numeric: tabular-nums; } .drifted { color: #b0241d; font-weight: 600; }
section { margin-top: 2rem; } .muted { color: #5c6472; } figure { margin: 0; } svg { max-width: 100%; }
.reference { fill: #3455c9; opacity: 0.45; } .current { fill: #b5820c; opacity: 0.45; }
.line { fill: none; stroke: #3455c9; stroke-width: 1.5; } .threshold { stroke: #b0241d; stroke-dasharray: 4 3; }
"""


def html(
    monitor: Monitor, window: Stored, stored: str, history: Sequence[Stored], incidents: Sequence[ShownIncident]
) -> str:
    """Return the page.  `stored` is the result as JSON; `history` are windows in the order of time."""
    result = msgspec.json.decode(stored, type=Result)
    over = {each.column for each in window.scores if each.is_over}
    shown = sorted(result.columns, key=lambda each: each.found.name not in over)
    word = "Drift" if over else "No drift"
    title = f"{word}: monitor {monitor.name}, {_time(window.start, monitor)} to {_time(window.end, monitor)}"
    slice_ = f" Rows with {escape(window.slice)}." if window.slice else ""
    notes = "".join(f"<p>{escape(note)}</p>" for note in result.notes)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
        f"</head><body><h1>{escape(title)}</h1>"
        f"<p>{result.rows:,} rows, compared with {escape(result.reference)}, {result.rows_reference:,} rows."
        f" Rules: {escape(result.rules)}.{slice_}</p>{notes}{_performance(result)}{_magnitude(result)}"
        f"{_scores(window.scores)}{_incidents(incidents, monitor)}{_timelines(history, monitor)}"
        f"{''.join(map(_section, shown))}</body></html>"
    )


def _scores(scores: Sequence[Score]) -> str:
    ordered = sorted(scores, key=lambda each: -each.value / each.threshold if each.threshold else 0.0)
    rows = "".join(
        f"<tr><td>{escape(each.column) or '(all)'}</td><td>{escape(each.subject)}</td>"
        f"<td>{_verdict(is_over=each.is_over)}</td><td>{escape(each.signal)}</td>"
        f'<td class="number">{each.value:.4g}</td><td class="number">{each.threshold:.4g}</td></tr>'
        for each in ordered
    )
    head = "<th>Column</th><th>Subject</th><th>Verdict</th><th>Signal</th><th>Value</th><th>Threshold</th>"
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _verdict(*, is_over: bool) -> str:
    return '<span class="drifted">drifted</span>' if is_over else "stable"


def _incidents(incidents: Sequence[ShownIncident], monitor: Monitor) -> str:
    if not incidents:
        return ""
    rows = "".join(
        f"<tr><td>{escape(each.column) or '(all)'}</td><td>{escape(each.subject)}</td><td>{_time(each.opened_at, monitor)}</td>"
        f"<td>{_time(each.closed_at, monitor) if isinstance(each.closed_at, int) else 'open'}</td>"
        f'<td class="number">{each.worst:.4g}</td></tr>'
        for each in incidents
    )
    head = "<th>Column</th><th>Subject</th><th>Since</th><th>Closed</th><th>Worst</th>"
    return f"<section><h2>Incidents</h2><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></section>"


def _timelines(history: Sequence[Stored], monitor: Monitor) -> str:
    series: dict[str, list[Score | None]] = {}
    for at, window in enumerate(history):
        for score in window.scores:
            if score.subject == "drift":
                series.setdefault(score.column, [None] * len(history))[at] = score
    if len(history) < 2 or not series:
        return ""
    ordered = sorted(series, key=lambda name: -max(each.value / each.threshold for each in series[name] if each))
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td>{_line(series[name], name)}</td></tr>" for name in ordered[:MOST_TIMELINES]
    )
    span = f"{_time(history[0].start, monitor)} to {_time(history[-1].end, monitor)}"
    return (
        f'<section><h2>Timeline</h2><p class="muted">Values as shares of their thresholds, {span}.</p>'
        f"<table><tbody>{rows}</tbody></table></section>"
    )


def _line(scores: Sequence[Score | None], name: str) -> str:
    top = max(1.25, *(each.value / each.threshold for each in scores if each))
    step = WIDTH / max(1, len(scores) - 1)
    points = " ".join(
        f"{at * step:.1f},{LINE * (1 - each.value / each.threshold / top):.1f}"
        for at, each in enumerate(scores)
        if each
    )
    limit = LINE * (1 - 1 / top)
    return (
        f'<svg viewBox="0 0 {WIDTH} {LINE}" width="{WIDTH}" height="{LINE}" role="img"'
        f' aria-label="Timeline of {escape(name, quote=True)}"><polyline class="line" points="{points}"/>'
        f'<line class="threshold" x1="0" x2="{WIDTH}" y1="{limit:.1f}" y2="{limit:.1f}"/></svg>'
    )


def _performance(result: Result) -> str:
    names = dict.fromkeys([*result.performance_reference, *result.performance, *result.estimated])
    if not names:
        return ""
    rows = "".join(
        f'<tr><td>{escape(name)}</td><td class="number">{_number(result.performance_reference.get(name))}</td>'
        f'<td class="number">{_number(result.performance.get(name))}</td>'
        f'<td class="number">{_number(result.estimated.get(name))}</td></tr>'
        for name in names
    )
    head = (
        f"<th>Performance</th><th>Baseline</th><th>Realised, {result.labelled:,} labels</th><th>Estimated (CBPE)</th>"
    )
    note = (
        '<p class="muted">The estimate cannot detect a change of the relation between features and labels.</p>'
        if result.estimated
        else ""
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{note}"


def _magnitude(result: Result) -> str:
    words = []
    if result.magnitude is not None:
        shares = ", ".join(f"{name} {share:.1%}" for name, share in list(result.contributions.items())[:5])
        words.append(f"Magnitude {result.magnitude:.3f}; contributions: {shares}.")
    if result.attribution_ndcg is not None:
        words.append(f"Ranking of the features: NDCG {result.attribution_ndcg:.3f}.")
    return f"<p>{escape(' '.join(words))}</p>" if words else ""


def _section(column: Column) -> str:
    found = column.found
    rows = "".join(
        f'<tr><td>{escape(each.name)}</td><td>{escape(each.variant)}</td><td class="number">{_number(each.value)}</td>'
        f'<td class="number">{_number(each.p_value)}</td></tr>'
        for each in found.signals
    )
    head = "<th>Signal</th><th>Variant</th><th>Value</th><th>p-value</th>"
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>" if rows else ""
    reason = f"<p>{escape(found.verdict.reason)}</p>" if found.verdict.reason else ""
    figure = "" if column.histogram is None else _figure(column.histogram, found.name)
    return f"<section><h2>{escape(found.name)}</h2>{reason}{figure}{table}</section>"


def _figure(bars: Histogram, name: str) -> str:
    top = max(*bars.reference, *bars.current) or 1.0
    width = WIDTH / len(bars.reference)

    def drawn(values: Sequence[float], kind: str) -> str:
        return "".join(
            f'<rect class="{kind}" x="{at * width:.1f}" y="{HEIGHT * (1 - value / top):.1f}" width="{width * 0.9:.1f}"'
            f' height="{HEIGHT * value / top:.1f}"/>'
            for at, value in enumerate(values)
        )

    words = ", ".join(bars.labels) if bars.labels else f"From {bars.edges[0]:.6g} to {bars.edges[-1]:.6g}"
    return (
        f'<figure><svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img"'
        f' aria-label="Histograms of {escape(name, quote=True)}">'
        f"{drawn(bars.reference, 'reference')}{drawn(bars.current, 'current')}</svg>"
        f'<figcaption class="muted">{escape(words)}. Blue: baseline; yellow: window.</figcaption></figure>'
    )


def _time(ms: int, monitor: Monitor) -> str:
    zone = windows.zone(monitor.config.timezone)
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
