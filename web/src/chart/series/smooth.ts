/** Exponential moving average, for display only.  Pure. */
import type { Series } from "./series";

/**
 * The EMA of the last values, without the bias towards the first one.  `strength` is the share that the past keeps at each
 * point: 0 changes nothing.
 *
 * A bucket weighs as much as the points in it, relative to a bucket of the mean size: without that, the few points of a
 * bucket at the edge would pull as hard as a full one.  NaN stays NaN and does not spread.
 */
export function smooth(series: Series, strength: number): Float64Array {
  const { last, count } = series;
  if (strength <= 0 || last.length < 2) return last;
  let points = 0;
  for (const n of count) points += n;
  const mean = points / count.length || 1;
  const smoothed = new Float64Array(last.length);
  let sum = 0;
  let weight = 0;
  for (let at = 0; at < last.length; at++) {
    const value = last[at]!;
    if (!Number.isFinite(value)) {
      smoothed[at] = value;
      continue;
    }
    const kept = strength ** (count[at]! / mean);
    sum = sum * kept + value * (1 - kept);
    weight = weight * kept + (1 - kept);
    smoothed[at] = weight > 0 ? sum / weight : value;
  }
  return smoothed;
}
