/** Where an arrow key leads on a chart.  Pure. */
import { nearestIndex } from "../series/series";
import type { Line } from "../scene/line";
import { step } from "../scene/nearest";

export interface Focus {
  /** The place of the line in the list. */
  readonly line: number;
  /** The place in the line's series; -1: before its first. */
  readonly at: number;
}

/** Null for a key that means nothing here. */
export function moveByKey(key: string, lines: readonly Line[], from: Focus | null): Focus | null {
  if (!from) return null;
  const line = lines[from.line];
  if (!line) return null;
  switch (key) {
    case "ArrowRight":
      return { ...from, at: step(line, from.at, 1) };
    case "ArrowLeft":
      return { ...from, at: step(line, from.at, -1) };
    case "Home":
      return { ...from, at: step(line, -1, 1) };
    case "End":
      return { ...from, at: step(line, line.values.length, -1) };
    case "ArrowUp":
    case "ArrowDown":
      return toLine(lines, from, key === "ArrowUp" ? -1 : 1);
    default:
      return null;
  }
}

/** The next line in the list, at the same x. */
function toLine(lines: readonly Line[], from: Focus, direction: number): Focus {
  const to = (from.line + direction + lines.length) % lines.length;
  const x = lines[from.line]?.series.x[Math.max(0, from.at)] ?? 0;
  return { line: to, at: nearestIndex(lines[to]?.series.x ?? new Float64Array(0), x) };
}
