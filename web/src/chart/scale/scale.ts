/** From values to a line of pixels and back: linear, logarithmic, or asinh (logarithmic on both sides of zero).  Pure. */

export type ScaleKind = "linear" | "log" | "asinh";

export interface Range {
  readonly low: number;
  readonly high: number;
}

export interface Scale {
  readonly kind: ScaleKind;
  readonly range: Range;
  /** 0 at the low end, 1 at the high end; NaN for what the scale cannot show. */
  share(value: number): number;
  /** The inverse. */
  value(share: number): number;
}

export function scaleOf(kind: ScaleKind, range: Range, linearBelow = 1): Scale {
  const [bend, unbend] = CURVES[kind](linearBelow);
  const low = bend(range.low);
  const width = bend(range.high) - low || 1;
  return {
    kind,
    range,
    share: (value) => (bend(value) - low) / width,
    value: (share) => unbend(low + share * width),
  };
}

type Curve = readonly [(value: number) => number, (value: number) => number];

const CURVES: Record<ScaleKind, (linearBelow: number) => Curve> = {
  linear: () => [(value) => value, (value) => value],
  log: () => [(value) => (value > 0 ? Math.log10(value) : Number.NaN), (value) => 10 ** value],
  asinh: (linearBelow) => [(value) => Math.asinh(value / linearBelow), (value) => Math.sinh(value) * linearBelow],
};
