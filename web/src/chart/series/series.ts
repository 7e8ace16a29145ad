/** The points of one metric of one run in columns, as they came.  Knows no drawing and no request. */

/**
 * One entry a bucket, by ascending x.  A bucket holds the points that share one slot of the grid that the server cut the
 * range into; when `exact` is true, each bucket is one point.
 */
export interface Series {
  readonly runId: string;
  readonly key: string;
  /** x of the last point of the bucket: a step, milliseconds since the run began or since 1970, or a metric's value. */
  readonly x: Float64Array;
  /** The value of the last point; NaN where that point is NaN. */
  readonly last: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly count: Float64Array;
  /** Points of the run in the requested range. */
  readonly total: number;
  readonly exact: boolean;
  /** What no line can show. */
  readonly odd: Odd;
}

/** Points that are no finite number: how many, and where. */
export interface Odd {
  readonly nan: number;
  readonly inf: number;
  readonly minusInf: number;
  readonly x: Float64Array;
}

export const EMPTY = new Float64Array(0);
export const NOTHING_ODD: Odd = { nan: 0, inf: 0, minusInf: 0, x: EMPTY };

export function emptySeries(runId: string, key: string): Series {
  return {
    runId,
    key,
    x: EMPTY,
    last: EMPTY,
    min: EMPTY,
    max: EMPTY,
    count: EMPTY,
    total: 0,
    exact: true,
    odd: NOTHING_ODD,
  };
}

/** A series of which every point is known. */
export function fromPoints(runId: string, key: string, x: ArrayLike<number>, y: ArrayLike<number>): Series {
  const last = Float64Array.from(y);
  const count = new Float64Array(last.length).fill(1);
  return {
    runId,
    key,
    x: Float64Array.from(x),
    last,
    min: last,
    max: last,
    count,
    total: last.length,
    exact: true,
    odd: oddOf(Float64Array.from(x), last),
  };
}

export function oddOf(x: Float64Array, values: Float64Array): Odd {
  const at: number[] = [];
  let nan = 0;
  let inf = 0;
  let minusInf = 0;
  for (const [place, value] of values.entries()) {
    if (Number.isFinite(value)) continue;
    at.push(x[place]!);
    if (Number.isNaN(value)) nan++;
    else if (value > 0) inf++;
    else minusInf++;
  }
  return at.length ? { nan, inf, minusInf, x: Float64Array.from(at) } : NOTHING_ODD;
}

/** How many values of how many points are drawn, and whether that is all of them. */
export interface Sampling {
  readonly shown: number;
  readonly total: number;
  readonly exact: boolean;
  readonly odd: number;
}

export function samplingOf(all: readonly Series[]): Sampling {
  let shown = 0;
  let total = 0;
  let odd = 0;
  let exact = true;
  for (const series of all) {
    shown += series.x.length;
    total += series.total;
    odd += series.odd.nan + series.odd.inf + series.odd.minusInf;
    exact &&= series.exact;
  }
  return { shown, total, exact, odd };
}

/** The first index with x >= `at`; `x.length` when there is none. */
export function lowerBound(x: Float64Array, at: number): number {
  let low = 0;
  let high = x.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (x[middle]! < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The index whose x is nearest to `at`; -1 in an empty series. */
export function nearestIndex(x: Float64Array, at: number): number {
  if (x.length === 0) return -1;
  const right = lowerBound(x, at);
  if (right === 0) return 0;
  if (right === x.length) return x.length - 1;
  return at - x[right - 1]! <= x[right]! - at ? right - 1 : right;
}

/** True when x never falls: then an index can be found by halving. */
export function isAscending(x: Float64Array): boolean {
  for (let at = 1; at < x.length; at++) if (x[at]! < x[at - 1]!) return false;
  return true;
}
