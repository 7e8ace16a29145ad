/** One line of a chart, and its shape in pixels.  Pure. */
import type { Series } from "../series/series";
import type { Path } from "./pen";
import { pixelX, pixelY, type Plot } from "./plot";

export interface Line {
  /** A run's id, or the value that a group of runs shares. */
  readonly id: string;
  readonly label: string;
  readonly colour: string;
  readonly dash: readonly number[];
  readonly series: Series;
  /** What the line shows at each x of the series: its last values, or these smoothed. */
  readonly values: Float64Array;
  readonly band: Band | null;
  /** False above forty lines: drawn in a neutral colour. */
  readonly isColoured: boolean;
}

export interface Band {
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** The line through all values that can be shown; it is lifted at the others. */
export function linePath(plot: Plot, x: Float64Array, y: Float64Array): Path {
  const path = new Float64Array(x.length * 2);
  for (let at = 0; at < x.length; at++) {
    path[at * 2] = pixelX(plot, x[at]!);
    path[at * 2 + 1] = pixelY(plot, y[at]!);
  }
  return x.length > 4 * plot.area.width ? thin(path) : path;
}

/**
 * The same picture with fewer points: of those in one column of pixels, the first, the lowest, the highest and the last, in
 * their order.  A lift stays a lift.
 */
export function thin(path: Path): Path {
  const kept: number[] = [];
  let column = Number.NaN;
  let first = 0;
  const close = (end: number): void => {
    let low = first;
    let high = first;
    for (let at = first; at < end; at += 2) {
      if (path[at + 1]! < path[low + 1]!) low = at;
      if (path[at + 1]! > path[high + 1]!) high = at;
    }
    const places = [...new Set([first, low, high, end - 2])].sort((a, b) => a - b);
    for (const at of places) kept.push(path[at]!, path[at + 1]!);
  };
  for (let at = 0; at < path.length; at += 2) {
    const isLifted = Number.isNaN(path[at]!) || Number.isNaN(path[at + 1]!);
    const here = isLifted ? Number.NaN : Math.floor(path[at]!);
    if (here === column) continue;
    if (!Number.isNaN(column)) close(at);
    if (isLifted && !Number.isNaN(kept[kept.length - 1]!)) kept.push(Number.NaN, Number.NaN);
    column = here;
    first = at;
  }
  if (!Number.isNaN(column)) close(path.length);
  return Float64Array.from(kept);
}

/** Isolated points between two gaps, which no line shows. */
export function isolated(path: Path): Path {
  const alone: number[] = [];
  const isUp = (at: number) => at < 0 || at >= path.length || Number.isNaN(path[at]!) || Number.isNaN(path[at + 1]!);
  for (let at = 0; at < path.length; at += 2) {
    if (!isUp(at) && isUp(at - 2) && isUp(at + 2)) alone.push(path[at]!, path[at + 1]!);
  }
  return Float64Array.from(alone);
}

/** The outline between two lines, one for each stretch without a lift.  A low end that a log axis cannot show is its foot. */
export function bandPath(plot: Plot, x: Float64Array, { low, high }: Band): Path {
  const outline: number[] = [];
  const foot = plot.area.top + plot.area.height;
  let begin = 0;
  const close = (end: number) => {
    for (let at = end - 1; at >= begin; at--) {
      const bottom = pixelY(plot, low[at]!);
      outline.push(pixelX(plot, x[at]!), Number.isNaN(bottom) ? foot : bottom);
    }
    if (end > begin) outline.push(Number.NaN, Number.NaN);
    begin = end + 1;
  };
  for (let at = 0; at < x.length; at++) {
    const px = pixelX(plot, x[at]!);
    const py = pixelY(plot, high[at]!);
    if (Number.isNaN(px) || Number.isNaN(py)) close(at);
    else outline.push(px, py);
  }
  close(x.length);
  return Float64Array.from(outline);
}

/** How many values lie above or below the axis, among those in its x range. */
export function hidden(plot: Plot, lines: readonly Line[]): number {
  const { x: xs, y: ys } = plot.axes;
  let count = 0;
  for (const { series } of lines) {
    for (let at = 0; at < series.x.length; at++) {
      if (series.x[at]! < xs.range.low || series.x[at]! > xs.range.high) continue;
      if (series.max[at]! > ys.range.high || series.min[at]! < ys.range.low) count++;
    }
  }
  return count;
}

/** How many values a logarithmic axis cannot show. */
export function notPositive(lines: readonly Line[]): number {
  let count = 0;
  for (const { series } of lines) for (const value of series.last) if (value <= 0) count++;
  return count;
}
