/** From the series of a metric to the lines of its chart: smoothed, grouped, coloured.  Pure. */
import type { PlottedRun } from "../plottedRun";
import { aggregate } from "../series/group";
import { samplingOf, NOTHING_ODD, type Series } from "../series/series";
import { smooth } from "../series/smooth";
import type { Settings } from "../settings";
import type { Line } from "../scene/line";
import { colourIndex, dashOf, isColoured } from "../scene/slots";

const GROUP_PLACES = 600;

/** `groups`: the value of the grouping field of each run; null: no groups. */
export function linesOf(
  series: readonly Series[],
  runs: readonly PlottedRun[],
  groups: ReadonlyMap<string, string | null> | null,
  settings: Settings,
  palette: readonly string[],
): Line[] {
  const byId = new Map(series.map((each) => [each.runId, each]));
  const present = runs.filter((run) => byId.get(run.runId)?.x.length);
  if (groups) return groupLines(byId, present, groups, settings, palette);
  return present.map((run) => {
    const own = byId.get(run.runId) as Series;
    return {
      id: run.runId,
      label: run.name,
      ...styleOf(run.slot, runs.length, palette),
      series: own,
      values: smooth(own, settings.smoothing),
      band: own.exact ? null : { low: own.min, high: own.max },
    };
  });
}

function groupLines(
  byId: ReadonlyMap<string, Series>,
  runs: readonly PlottedRun[],
  groups: ReadonlyMap<string, string | null>,
  settings: Settings,
  palette: readonly string[],
): Line[] {
  const members = new Map<string, Series[]>();
  for (const { runId } of runs) {
    const value = groups.get(runId) ?? "–";
    const own = byId.get(runId) as Series;
    const list = members.get(value);
    if (list) list.push(own);
    else members.set(value, [own]);
  }
  // By value, so that a group has its colour on each chart, also where a run has no such metric.
  const values = [...new Set([...groups.values()].map((value) => value ?? "–"))].sort();
  return values.flatMap((value, slot) => {
    const own = members.get(value);
    if (!own) return [];
    const smoothed = own.map((each) => smooth(each, settings.smoothing));
    const { x, mean, low, high, runs: count } = aggregate(own, smoothed, settings.spread, GROUP_PLACES);
    const told = samplingOf(own);
    const series: Series = {
      runId: value,
      key: own[0]?.key ?? "",
      x,
      last: mean,
      min: low,
      max: high,
      count,
      total: told.total,
      exact: told.exact,
      odd: NOTHING_ODD,
    };
    return [
      {
        id: value,
        label: `${value} (${own.length})`,
        ...styleOf(slot, values.length, palette),
        series,
        values: mean,
        band: { low, high },
      },
    ];
  });
}

function styleOf(
  slot: number,
  lines: number,
  palette: readonly string[],
): Pick<Line, "colour" | "dash" | "isColoured"> {
  return {
    colour: palette[colourIndex(slot)] ?? "currentColor",
    dash: dashOf(slot),
    isColoured: isColoured(slot, lines),
  };
}
