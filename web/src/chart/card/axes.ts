/** Which axes a chart has, from its lines and the settings.  Pure. */
import { asinhThreshold, extent, padded, withoutOutliers } from "../scale/range";
import type { Range } from "../scale/scale";
import type { Line } from "../scene/line";
import { MOST_BANDS } from "../scene/paint";
import type { Axes } from "../scene/plot";
import { lowerBound, isAscending } from "../series/series";
import type { Settings } from "../settings";

export type ChartAxes = Pick<Axes, "x" | "y">;

/** `held`: ranges that stay though there is other data; null where they follow it.  `start`: the x of the first point, which
 *  may lie before the end of the first bucket. */
export function axesOf(
  lines: readonly Line[],
  settings: Settings,
  xLabel: string,
  held: { x: Range | null; y: Range | null },
  start: number | null = null,
): ChartAxes {
  const xScale = settings.xLog ? "log" : "linear";
  const xs = extent(lines.map((line) => line.series.x));
  const found = xs ?? { low: 0, high: 1, lowestPositive: 1 };
  const whole = start === null ? found : { ...found, low: Math.min(start, found.low) };
  const xRange =
    held.x ??
    (xScale === "log"
      ? padded("log", whole, whole.lowestPositive, 0)
      : whole.low === whole.high
        ? padded("linear", whole)
        : whole);
  const shown = columns(lines, xRange);
  const ys = extent(shown);
  const clipped = settings.clip ? withoutOutliers(shown) : null;
  return {
    x: {
      kind: settings.x.kind,
      scale: xScale,
      range: xScale === "log" && xRange.low <= 0 ? padded("log", xRange, whole.lowestPositive, 0) : xRange,
      label: xLabel,
    },
    y: {
      scale: settings.y,
      range: held.y ?? padded(settings.y, clipped ?? ys ?? { low: 0, high: 1 }, ys?.lowestPositive),
      linearBelow: settings.y === "asinh" ? asinhThreshold(shown) : 1,
    },
  };
}

/** What lies in the x range: the lines, what is drawn below them, and their bands where these are shown. */
function columns(lines: readonly Line[], range: Range): Float64Array[] {
  const all: Float64Array[] = [];
  for (const { series, values, band } of lines) {
    let begin = 0;
    let end = series.x.length;
    if (isAscending(series.x)) {
      begin = Math.max(0, lowerBound(series.x, range.low));
      end = lowerBound(series.x, range.high);
      if (series.x[end] === range.high) end++;
    }
    all.push(values.subarray(begin, end));
    if (values !== series.last) all.push(series.last.subarray(begin, end));
    if (band && lines.length <= MOST_BANDS) all.push(band.low.subarray(begin, end), band.high.subarray(begin, end));
  }
  return all;
}
