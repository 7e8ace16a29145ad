/** Charts of runs as pictures for a report: each with its legend, in the light theme, in one document with others. */
import { formatValue } from "@/i18n/format";
import { locale } from "@/i18n/catalogue.svelte";
import { axesOf } from "../card/axes";
import { lightTheme } from "../card/colours.svelte";
import { barsOf } from "../card/bars";
import { linesOf } from "../card/lines";
import { loadSeries } from "../card/load";
import { xLabel } from "../card/formatX.svelte";
import { fetchKeys } from "../data/source";
import type { PlottedRun } from "../plottedRun";
import { samplingOf } from "../series/series";
import type { Settings } from "../settings";
import { strings } from "../strings";
import { svgOf } from "./save";

/** More metrics than these have no chart in a report. */
export const MOST_CHARTS = 40;
const WIDTH = 560;
const HEIGHT = 260;
const BUCKETS = 600;

export interface ReportCharts {
  /** SVG documents. */
  svgs: string[];
  /** Metrics that the runs have; those above the limit have no chart. */
  metrics: number;
}

export async function reportCharts(
  runs: readonly PlottedRun[],
  settings: Settings,
  signal: AbortSignal,
): Promise<ReportCharts> {
  if (!runs.length) return { svgs: [], metrics: 0 };
  const runIds = runs.map((run) => run.runId);
  const keys = (await fetchKeys(runIds, signal)).keys.filter((each) => !each.isSystem).map((each) => each.key);
  const theme = lightTheme();
  const { x } = settings;
  const label = xLabel(x.kind, x.kind === "metric" ? x.key : "");
  const svgs = await Promise.all(
    keys.slice(0, MOST_CHARTS).map(async (key, at) => {
      const call = JSON.stringify({ runIds, key, x, range: settings.range, buckets: BUCKETS, exact: settings.exact });
      const { series, start } = await loadSeries(call, 0, () => at, signal);
      const lines = linesOf(series, runs, null, settings, theme.runs);
      const axes = axesOf(lines, settings, label, { x: settings.range, y: null }, start);
      const bars = barsOf(lines, settings)?.map((bar) => ({ ...bar, text: formatValue(bar.value) })) ?? null;
      const told = samplingOf(series);
      const notes = [
        told.exact ? strings.t.exactLine(told.total) : strings.t.sampleLine(told.shown, told.total),
        ...(settings.smoothing ? [strings.t.ema(settings.smoothing)] : []),
        ...(told.odd ? [strings.t.odd(told.odd)] : []),
      ].join(" · ");
      const look = { highlighted: null, isSmoothed: settings.smoothing > 0 };
      const sized = { ...axes, locale: locale.tag, width: WIDTH, height: HEIGHT };
      return svgOf({ title: key, notes, origin: "", axes: sized, lines, bars, look, theme }, `c${at}-`);
    }),
  );
  return { svgs, metrics: keys.length };
}
