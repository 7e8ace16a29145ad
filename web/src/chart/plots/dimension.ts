/** One axis of a plot of runs: numbers, or the words of a param.  Pure. */
import { formatPowers, formatTicks } from "../scale/format";
import { padded } from "../scale/range";
import { scaleOf } from "../scale/scale";
import { ticksOf } from "../scale/ticks";

export type Value = number | string | null;

export interface Dimension {
  readonly label: string;
  readonly isLog: boolean;
  readonly isNumber: boolean;
  /** From 0 to 1; null for what has no place. */
  readonly share: (value: Value) => number | null;
  /** The value at a share; of words, the nearest one. */
  readonly valueAt: (share: number) => number | string;
  readonly ticks: readonly { readonly share: number; readonly label: string }[];
}

/** An axis distinguishes at most this many texts. */
const MOST_WORDS = 50;
/** Above this ratio, small numbers would all lie on one point of a linear axis. */
const LOG_RATIO = 50;

/** An axis of numbers if each value is one; logarithmic if these are positive and far apart. */
export function dimensionOf(label: string, values: readonly Value[], mostTicks = 6): Dimension {
  const present = values.filter((value) => value !== null && value !== "");
  const numbers = present.map(Number);
  if (
    present.length > 0 &&
    numbers.every((each, at) => !Number.isNaN(each) || present[at] === "NaN" || typeof present[at] === "number")
  ) {
    return ofNumbers(label, numbers.filter(Number.isFinite), mostTicks);
  }
  return ofWords(label, present.map(String));
}

/** The axis with room at both ends, a share of its length each: marks at its ends are whole. */
export function withRoom(dimension: Dimension, room: number): Dimension {
  const within = (share: number): number => room + share * (1 - 2 * room);
  return {
    ...dimension,
    share: (value) => {
      const share = dimension.share(value);
      return share === null ? null : within(share);
    },
    valueAt: (share) => dimension.valueAt((share - room) / (1 - 2 * room)),
    ticks: dimension.ticks.map(({ share, label }) => ({ share: within(share), label })),
  };
}

function ofNumbers(label: string, numbers: readonly number[], mostTicks: number): Dimension {
  const low = numbers.length ? Math.min(...numbers) : 0;
  const high = numbers.length ? Math.max(...numbers) : 1;
  const isLog = low > 0 && high / low > LOG_RATIO;
  const range = low === high ? padded("linear", { low, high }) : { low, high };
  const scale = scaleOf(isLog ? "log" : "linear", range);
  const ticks = ticksOf(scale.kind, range, mostTicks);
  const labels = isLog ? formatPowers(ticks) : formatTicks(ticks);
  return {
    label,
    isLog,
    isNumber: true,
    share: (value) => {
      if (value === null || value === "") return null;
      const share = scale.share(Number(value));
      return Number.isFinite(share) ? share : null;
    },
    valueAt: (share) => scale.value(share),
    ticks: ticks.map((tick, at) => ({ share: scale.share(tick), label: labels[at] ?? "" })),
  };
}

function ofWords(label: string, words: readonly string[]): Dimension {
  const order = new Intl.Collator("en", { numeric: true }).compare;
  const distinct = [...new Set(words)].sort(order).slice(0, MOST_WORDS);
  const places = new Map(distinct.map((word, at) => [word, distinct.length > 1 ? at / (distinct.length - 1) : 0.5]));
  return {
    label,
    isLog: false,
    isNumber: false,
    share: (value) => (value === null ? null : (places.get(String(value)) ?? null)),
    valueAt: (share) => distinct[Math.round(share * (distinct.length - 1))] ?? "",
    ticks: distinct.map((word) => ({ share: places.get(word) ?? 0, label: word })),
  };
}
