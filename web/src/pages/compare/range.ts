/** A range on an axis of parallel coordinates, moved by keys.  Pure. */
import type { Dimension } from "@/chart/plots/dimension";

/** From the lowest to the highest share; null: the whole axis. */
export type Range = readonly [low: number, high: number] | null;
export type End = 0 | 1;

const STEP = 0.02;
const PAGE_STEPS = 5;

/** The range after a key at one of its ends; undefined for a key that moves nothing. */
export function moved(range: Range, end: End, key: string, dimension: Dimension): Range | undefined {
  const [low, high] = range ?? [0, 1];
  const least = end === 0 ? 0 : low;
  const most = end === 0 ? high : 1;
  const at = end === 0 ? low : high;
  const to = target(key, at, [least, most], dimension);
  if (to === undefined) return undefined;
  const within = Math.min(most, Math.max(least, to));
  const next: [number, number] = end === 0 ? [within, high] : [low, within];
  return next[0] <= 0 && next[1] >= 1 ? null : next;
}

function target(key: string, at: number, [least, most]: [number, number], dimension: Dimension): number | undefined {
  switch (key) {
    case "ArrowUp":
    case "ArrowRight":
      return stepped(at, 1, dimension);
    case "ArrowDown":
    case "ArrowLeft":
      return stepped(at, -1, dimension);
    case "PageUp":
      return stepped(at, PAGE_STEPS, dimension);
    case "PageDown":
      return stepped(at, -PAGE_STEPS, dimension);
    case "Home":
      return least;
    case "End":
      return most;
    default:
      return undefined;
  }
}

/** Words have places of their own; each step goes to the next one. */
function stepped(at: number, steps: number, { isNumber, ticks }: Dimension): number {
  if (isNumber) return Math.round((at + steps * STEP) * 1000) / 1000;
  const places = ticks.map(({ share }) => share);
  const beyond = steps > 0 ? places.filter((place) => place > at) : places.filter((place) => place < at).toReversed();
  return beyond[Math.abs(steps) - 1] ?? beyond.at(-1) ?? at;
}
