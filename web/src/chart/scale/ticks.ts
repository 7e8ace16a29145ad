/** The positions of the ticks of an axis.  Pure. */
import { scaleOf, type Range, type ScaleKind } from "./scale";

/** At most about `most` round values (1, 2 or 5 times a power of ten) in the range: two if they fit, since one shows no scale. */
export function linearTicks({ low, high }: Range, most: number): number[] {
  const step = roundStep((high - low) / Math.max(1, most));
  const ticks = multiples(low, high, step);
  if (ticks.length > 1) return ticks;
  const finer = multiples(low, high, roundStep(step / 2.5));
  return finer.length <= most + 1 ? finer : ticks;
}

/** The step of round ticks that is at least `rough`. */
export function roundStep(rough: number): number {
  if (!(rough > 0) || !Number.isFinite(rough)) return 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const digit = rough / power;
  return (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10) * power;
}

/** Ticks at whole values only: there is no step 2.5. */
export function stepTicks(range: Range, most: number): number[] {
  const step = Math.max(1, roundStep((range.high - range.low) / Math.max(1, most)));
  return multiples(range.low, range.high, step);
}

/** Powers of ten, thinned out when there are many; with 2 and 5 between them when there are few. */
export function logTicks(range: Range, most: number): number[] {
  const first = Math.floor(Math.log10(range.low));
  const last = Math.ceil(Math.log10(range.high));
  const decades = last - first;
  if (decades <= 1) {
    const between = linearTicks(range, most).filter((tick) => tick > 0);
    if (between.length > 1) return between;
  }
  const every = Math.max(1, Math.ceil(decades / Math.max(1, most)));
  const made = (digits: readonly number[]): number[] => {
    const ticks: number[] = [];
    for (let power = Math.ceil(first / every) * every; power <= last; power += every) {
      for (const digit of digits) {
        const tick = Number(`${digit}e${power}`);
        if (tick >= range.low && tick <= range.high) ticks.push(tick);
      }
    }
    return ticks;
  };
  const powers = made([1]);
  if (decades * 3 > most && powers.length > 1) return powers;
  const all = made([1, 2, 5]);
  return decades * 3 <= most || all.length <= most + 1 ? all : powers;
}

/** Zero, and powers of ten on each side that stand far enough apart. */
export function asinhTicks(range: Range, most: number, linearBelow: number): number[] {
  const scale = scaleOf("asinh", range, linearBelow);
  const candidates = [0];
  for (let power = Math.floor(Math.log10(linearBelow)); power <= 308; power++) {
    const tick = Number(`1e${power}`);
    if (tick > Math.max(Math.abs(range.low), Math.abs(range.high))) break;
    candidates.push(tick, -tick);
  }
  const inside = candidates.filter((tick) => tick >= range.low && tick <= range.high);
  const kept: number[] = [];
  const apart = 1 / Math.max(1, most);
  // Zero first, then from the largest: those are read.
  inside.sort((a, b) => (a === 0 ? -1 : b === 0 ? 1 : Math.abs(b) - Math.abs(a)));
  for (const tick of inside) {
    if (kept.every((other) => Math.abs(scale.share(other) - scale.share(tick)) >= apart * 0.8)) kept.push(tick);
  }
  return kept.length > 1 ? kept.sort((a, b) => a - b) : linearTicks(range, most);
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
// prettier-ignore
const DURATIONS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500,
  SECOND, 2 * SECOND, 5 * SECOND, 10 * SECOND, 15 * SECOND, 30 * SECOND,
  MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE,
  HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR,
  DAY, 2 * DAY, 7 * DAY,
];

/** Milliseconds that a clock shows round. */
export function durationStep(rough: number): number {
  return DURATIONS.find((step) => step >= rough) ?? roundStep(rough / DAY) * DAY;
}

/** Ticks of durations in ms. */
export function durationTicks(range: Range, most: number): number[] {
  return multiples(range.low, range.high, durationStep((range.high - range.low) / Math.max(1, most)));
}

/** Times in ms since 1970 that are round in the zone of the browser; days begin at its midnight. */
export function timeTicks(range: Range, most: number): number[] {
  const step = durationStep((range.high - range.low) / Math.max(1, most));
  if (step < DAY) {
    const offset = new Date(range.low).getTimezoneOffset() * 60_000;
    return multiples(range.low - offset, range.high - offset, step).map((tick) => tick + offset);
  }
  const days = Math.round(step / DAY);
  const ticks: number[] = [];
  const at = new Date(range.low);
  at.setHours(0, 0, 0, 0);
  while (at.getTime() <= range.high && ticks.length < 1000) {
    if (at.getTime() >= range.low) ticks.push(at.getTime());
    at.setDate(at.getDate() + days); // a day of 23 hours is one day too
  }
  return ticks;
}

export function ticksOf(kind: ScaleKind, range: Range, most: number, linearBelow = 1): number[] {
  if (kind === "log") return logTicks(range, most);
  if (kind === "asinh") return asinhTicks(range, most, linearBelow);
  return linearTicks(range, most);
}

function multiples(low: number, high: number, step: number): number[] {
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  // Beyond 2^52 steps from zero, doubles no longer tell one step from the next.
  if (!(last - first < 1000) || Math.max(Math.abs(first), Math.abs(last)) > 2 ** 52) return [];
  const ticks: number[] = [];
  for (let at = first; at <= last; at++) {
    const tick = Number((at * step).toPrecision(15)) || 0; // 3 * 0.1 is 0.30000000000000004
    if (ticks.length === 0 || tick > ticks[ticks.length - 1]!) ticks.push(tick);
  }
  return ticks;
}
