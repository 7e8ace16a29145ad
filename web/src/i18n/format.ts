import { locale } from "./catalogue.svelte";

/** Numbers, dates and sizes as people read them.  Values of metrics and parameters keep their code form: `formatValue`. */
const cache = new Map<string, unknown>();

function cached<T>(kind: string, make: (tag: string) => T): T {
  const key = `${kind} ${locale.tag}`;
  if (!cache.has(key)) cache.set(key, make(locale.tag));
  return cache.get(key) as T;
}

export function formatCount(count: number): string {
  return cached("count", (tag) => new Intl.NumberFormat(tag)).format(count);
}

export function plural(count: number): Intl.LDMLPluralRule {
  return cached("plural", (tag) => new Intl.PluralRules(tag)).select(count);
}

/** A function that formats a number with its noun: `1 run`, `2 runs`. */
export function counted(one: string, more: string): (count: number) => string {
  return (count) => `${formatCount(count)} ${plural(count) === "one" ? one : more}`;
}

export function formatDate(ms: number): string {
  return cached("date", (tag) => new Intl.DateTimeFormat(tag, { dateStyle: "medium", timeStyle: "short" })).format(ms);
}

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1000],
];

/** "3 minutes ago" in the last week, date and time before. */
export function formatAgo(ms: number, now: number = Date.now()): string {
  const age = now - ms;
  if (Math.abs(age) >= 7 * 86_400_000) {
    return formatDate(ms);
  }
  const [unit, size] = UNITS.find(([, each]) => Math.abs(age) >= each) ?? ["second", 1000];
  return cached("ago", (tag) => new Intl.RelativeTimeFormat(tag, { numeric: "auto", style: "short" })).format(
    -Math.trunc(age / size),
    unit,
  );
}

/** `850 ms`, `12.4 s`, `3 min 05 s`, `2 h 14 min`, `3 d 02 h`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  const two = (count: number): string => String(count).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
  const hours = Math.round(seconds / 3600);
  return `${Math.floor(hours / 24)} d ${two(hours % 24)} h`;
}

const BYTES = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

export function formatBytes(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), BYTES.length - 1);
  const value = bytes / 1024 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toPrecision(3)} ${BYTES[power] ?? ""}`;
}

/** The number of decimals of the values of a column, which aligns their points; `e`: all have an exponent. */
export type Places = number | "e" | null;

/** The decimals with which the largest value of a column has four significant digits. */
export function placesOf(low: number, high: number): Places {
  const size = Math.max(Math.abs(low), Math.abs(high));
  if (!Number.isFinite(size)) return null;
  if (Number.isInteger(low) && Number.isInteger(high) && size < 1e6) return 0;
  if (size >= 1e5 || size < 1e-3) return "e";
  return Math.max(3 - Math.floor(Math.log10(size)), 0);
}

/** A metric's value with four significant digits, as code reads it: `0.9312`, `1.234e-5`, `NaN`, `-Inf`.  With the `places`
 *  of its column it keeps its last zeros; a value that would lose its digits has an exponent all the same. */
export function formatValue(value: number, places: Places = null): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const isWhole = Number.isInteger(value) && size < 1e6;
  if (isWhole && (places === null || places === 0)) return String(value);
  if (places === "e") return value.toExponential(3).replace("e+", "e");
  if (places !== null && size < 1e5) {
    const decimals = places === 0 ? Math.max(3 - Math.floor(Math.log10(size)), 0) : places;
    return size * 10 ** decimals < 10 || decimals > 6
      ? value.toExponential(3).replace("e+", "e")
      : value.toFixed(decimals);
  }
  if (size >= 1e-3 && size < 1e5) return String(Number(value.toPrecision(4)));
  return value
    .toExponential(3)
    .replace(/\.?0+e/, "e")
    .replace("e+", "e");
}

export function formatTime(ms: number): string {
  return cached("time", (tag) => new Intl.DateTimeFormat(tag, { timeStyle: "short" })).format(ms);
}
