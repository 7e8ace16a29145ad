/** Metrics that runs have logged once, as bars: a single point makes no line.  Pure. */
import type { Line } from "../scene/line";
import type { Settings } from "../settings";

export interface Bar {
  readonly line: Line;
  readonly value: number;
  /** Where it begins and how long it is, as shares of the width; bars of numbers below zero lie left of those above it. */
  readonly left: number;
  readonly width: number;
}

/** Return the bars, the greatest first; null where lines say more. */
export function barsOf(lines: readonly Line[], settings: Settings): Bar[] | null {
  const isPlain = settings.x.kind !== "metric" && settings.y === "linear" && settings.range === null;
  if (!isPlain || !lines.length || lines.some(({ series }) => series.x.length !== 1 || series.total !== 1)) return null;
  const valued = lines.map((line) => ({ line, value: line.series.last[0] ?? NaN }));
  const numbers = valued.map(({ value }) => value).filter(Number.isFinite);
  const low = Math.min(0, ...numbers);
  const whole = Math.max(0, ...numbers) - low || 1;
  return valued
    .map(({ line, value }) => {
      const isNumber = Number.isFinite(value);
      const left = isNumber ? (Math.min(0, value) - low) / whole : 0;
      return { line, value, left, width: isNumber ? Math.abs(value) / whole : 0 };
    })
    .sort((a, b) => (Number.isNaN(b.value) ? -Infinity : b.value) - (Number.isNaN(a.value) ? -Infinity : a.value) || 0);
}
