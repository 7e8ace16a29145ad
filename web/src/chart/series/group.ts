/** Several runs as one line: their mean and how far they spread.  Pure. */
import { isAscending, lowerBound, type Series } from "./series";

export type Spread = "range" | "sd" | "ci";

export interface Aggregate {
  readonly x: Float64Array;
  readonly mean: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** How many runs have a value there. */
  readonly runs: Float64Array;
}

/**
 * The mean of the runs at each x of a common grid of at most `most` places.  A run counts between its first and its last
 * point, with a straight line between two points; it is never extended.  `range` spans what the runs logged, extremes of
 * buckets too; `sd` is the sample standard deviation; `ci` the 95 % interval of the mean by Student's t.
 */
export function aggregate(
  all: readonly Series[],
  values: readonly Float64Array[],
  spread: Spread,
  most: number,
): Aggregate {
  const x = commonGrid(all, most);
  const size = x.length;
  const mean = new Float64Array(size).fill(Number.NaN);
  const low = new Float64Array(size).fill(Number.NaN);
  const high = new Float64Array(size).fill(Number.NaN);
  const runs = new Float64Array(size);
  const sums = new Float64Array(size);
  const squares = new Float64Array(size); // Welford's sum of squared differences
  for (const [number, series] of all.entries()) {
    const line = new Line(series, values[number]!);
    for (let at = 0; at < size; at++) {
      const value = line.at(x[at]!);
      if (!Number.isFinite(value)) continue;
      const n = ++runs[at]!;
      const before = sums[at]!;
      const difference = value - before;
      const now = before + difference / n;
      sums[at] = now;
      squares[at]! += difference * (value - now);
      if (!(low[at]! <= line.low)) low[at] = line.low;
      if (!(high[at]! >= line.high)) high[at] = line.high;
    }
  }
  for (let at = 0; at < size; at++) {
    const n = runs[at]!;
    if (n === 0) continue;
    mean[at] = sums[at]!;
    if (spread === "range") continue;
    const deviation = n > 1 ? Math.sqrt(squares[at]! / (n - 1)) : 0;
    const half = spread === "sd" ? deviation : n > 1 ? (studentT(n - 1) * deviation) / Math.sqrt(n) : 0;
    low[at] = sums[at]! - half;
    high[at] = sums[at]! + half;
  }
  return { x, mean, low, high, runs };
}

/** The x of all runs, each once; evenly spaced ones when these are more than `most`. */
export function commonGrid(all: readonly Series[], most: number): Float64Array {
  const seen = new Set<number>();
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const { x } of all) {
    for (const at of x) {
      if (!Number.isFinite(at)) continue;
      if (at < low) low = at;
      if (at > high) high = at;
      if (seen.size <= most) seen.add(at);
    }
  }
  if (seen.size <= most) return Float64Array.from(seen).sort();
  return Float64Array.from({ length: most }, (_, at) => low + ((high - low) * at) / (most - 1));
}

/** A run's line, evaluated at ascending or any x. */
class Line {
  low = Number.NaN;
  high = Number.NaN;
  private readonly x: Float64Array;
  private readonly y: Float64Array;
  private readonly min: Float64Array;
  private readonly max: Float64Array;

  constructor(series: Series, values: Float64Array) {
    const order = isAscending(series.x) ? null : [...series.x.keys()].sort((a, b) => series.x[a]! - series.x[b]!);
    const sorted = (of: Float64Array) => (order ? Float64Array.from(order, (at) => of[at]!) : of);
    this.x = sorted(series.x);
    this.y = sorted(values);
    this.min = sorted(series.min);
    this.max = sorted(series.max);
  }

  at(x: number): number {
    const right = lowerBound(this.x, x);
    if (right >= this.x.length) return Number.NaN;
    if (this.x[right] === x) return this.take(right, right, 0);
    if (right === 0) return Number.NaN;
    return this.take(right - 1, right, (x - this.x[right - 1]!) / (this.x[right]! - this.x[right - 1]!));
  }

  private take(left: number, right: number, share: number): number {
    const between = (of: Float64Array) => of[left]! + (of[right]! - of[left]!) * share;
    const value = between(this.y);
    this.low = Math.min(between(this.min), value);
    this.high = Math.max(between(this.max), value);
    return value;
  }
}

const T_975 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];

/** The 97.5 % quantile of Student's t: tabulated up to 30 degrees of freedom, then by the first terms of its expansion. */
export function studentT(degrees: number): number {
  if (degrees <= T_975.length) return T_975[degrees - 1]!;
  const z = 1.959964;
  return z + (z ** 3 + z) / (4 * degrees) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * degrees ** 2);
}
