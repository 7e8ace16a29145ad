/** What the pointer or the keyboard is on.  Pure. */
import { nearestIndex } from "../series/series";
import type { Line } from "./line";
import { pixelX, pixelY, valueX, type Plot } from "./plot";

export interface Hit {
  readonly line: Line;
  /** The place in the line's series. */
  readonly at: number;
  readonly x: number;
  readonly y: number;
  /** Pixels from the pointer. */
  readonly distance: number;
}

/** The largest distance from the crosshair to a line's nearest point that is shown, in pixels. */
const REACH = 24;

/** The point of each line that is nearest to the crosshair, the nearest to the pointer first.  Lines without one are left out. */
export function hits(plot: Plot, lines: readonly Line[], px: number, py: number): Hit[] {
  const x = valueX(plot, px);
  const found: Hit[] = [];
  for (const line of lines) {
    const at = nearestIndex(line.series.x, x);
    if (at < 0) continue;
    const pointX = pixelX(plot, line.series.x[at]!);
    if (!(Math.abs(pointX - px) <= REACH) && !isBetween(line, x)) continue;
    const pointY = pixelY(plot, line.values[at]!);
    found.push({
      line,
      at,
      x: pointX,
      y: pointY,
      distance: Number.isNaN(pointY) ? Number.POSITIVE_INFINITY : Math.abs(heightAt(plot, line, at, px) - py),
    });
  }
  return found.sort((a, b) => a.distance - b.distance);
}

function isBetween({ series }: Line, x: number): boolean {
  return series.x.length > 1 && x >= series.x[0]! && x <= series.x[series.x.length - 1]!;
}

/** The height of the drawn line at the pointer, not of its next point: with few points those lie far apart. */
function heightAt(plot: Plot, { series, values }: Line, at: number, px: number): number {
  const here = pixelX(plot, series.x[at]!);
  const next = here < px ? at + 1 : at - 1;
  const y = pixelY(plot, values[at]!);
  if (next < 0 || next >= series.x.length) return y;
  const there = pixelX(plot, series.x[next]!);
  const other = pixelY(plot, values[next]!);
  if (Number.isNaN(other) || there === here) return y;
  return y + ((other - y) * (px - here)) / (there - here);
}

export const SHOWN_HITS = 8;

/** The next place of a line to the left (-1) or right (1) that has a number. */
export function step(line: Line, from: number, direction: -1 | 1): number {
  for (let at = from + direction; at >= 0 && at < line.values.length; at += direction) {
    if (Number.isFinite(line.values[at]!)) return at;
  }
  return from;
}

/** The corner of a box beside the point: on the emptier side, inside the frame, never over the point. */
export function placeNextTo(
  point: { x: number; y: number },
  box: { width: number; height: number },
  frame: { width: number; height: number },
  gap = 12,
): { left: number; top: number } {
  const isRight = point.x + gap + box.width <= frame.width || point.x < frame.width / 2;
  const left = isRight ? point.x + gap : point.x - gap - box.width;
  const top = Math.min(Math.max(0, point.y - box.height / 2), Math.max(0, frame.height - box.height));
  return { left: Math.max(0, Math.min(left, frame.width - box.width)), top };
}
