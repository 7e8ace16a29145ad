/** Which values an axis spans.  Pure. */
import type { Range, ScaleKind } from "./scale";

export interface Extent extends Range {
  /** The smallest value above zero; NaN if none is. */
  readonly lowestPositive: number;
  /** Values at or below zero, which a logarithmic axis cannot show. */
  readonly notPositive: number;
}

/** The extent of all finite values; null when there are none. */
export function extent(columns: Iterable<Float64Array>): Extent | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  let lowestPositive = Number.POSITIVE_INFINITY;
  let notPositive = 0;
  for (const column of columns) {
    for (const value of column) {
      if (!Number.isFinite(value)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
      if (value <= 0) notPositive++;
      else if (value < lowestPositive) lowestPositive = value;
    }
  }
  if (low > high) return null;
  return {
    low,
    high,
    lowestPositive: lowestPositive === Number.POSITIVE_INFINITY ? Number.NaN : lowestPositive,
    notPositive,
  };
}

/** The share of values that counts as outliers at each end. */
export const OUTLIER_SHARE = 0.05;

/**
 * The values between the 5th and the 95th percentile, with half of that width around them: an axis which a few wild points
 * do not flatten.  Null when that would hide nothing.
 */
export function withoutOutliers(columns: Iterable<Float64Array>): Range | null {
  const values: number[] = [];
  for (const column of columns) for (const value of column) if (Number.isFinite(value)) values.push(value);
  if (values.length < 8) return null;
  const sorted = Float64Array.from(values).sort();
  const low = quantile(sorted, OUTLIER_SHARE);
  const high = quantile(sorted, 1 - OUTLIER_SHARE);
  const around = (high - low) / 2 || Math.abs(high) * 0.05 || 1;
  const range = { low: Math.max(low - around, sorted[0]!), high: Math.min(high + around, sorted[sorted.length - 1]!) };
  return range.low > sorted[0]! || range.high < sorted[sorted.length - 1]! ? range : null;
}

export function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below]!;
  return low + (sorted[Math.min(below + 1, sorted.length - 1)]! - low) * (place - below);
}

/** `range` with room around it; one value gets room on both sides; a logarithmic axis begins at a value above zero. */
export function padded(kind: ScaleKind, range: Range, lowestPositive = Number.NaN, share = 0.05): Range {
  if (kind === "log") {
    const low = range.low > 0 ? range.low : lowestPositive > 0 ? lowestPositive : 1;
    const high = Math.max(range.high, low);
    const room = low === high ? 2 : (high / low) ** share;
    return { low: Math.max(low / room, Number.MIN_VALUE), high: Math.min(high * room, Number.MAX_VALUE) };
  }
  const width = range.high - range.low;
  if (width === 0) {
    const room = Math.abs(range.low) * 0.1 || 1;
    return { low: range.low - room, high: range.high + room };
  }
  if (!Number.isFinite(width)) return { low: -Number.MAX_VALUE / 2, high: Number.MAX_VALUE / 2 };
  return { low: range.low - width * share, high: range.high + width * share };
}

/** Below this, an asinh axis is nearly linear: the median of what is not zero, so that both halves can be seen. */
export function asinhThreshold(columns: Iterable<Float64Array>): number {
  const sizes: number[] = [];
  for (const column of columns)
    for (const value of column) if (value && Number.isFinite(value)) sizes.push(Math.abs(value));
  if (sizes.length === 0) return 1;
  return quantile(Float64Array.from(sizes).sort(), 0.1);
}
