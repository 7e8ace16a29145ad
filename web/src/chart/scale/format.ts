/** Labels of ticks as text; single values are written by `i18n/format`.  Pure. */

/** Labels of the ticks of one axis: as many decimals as their distance needs, the same for all. */
export function formatTicks(ticks: readonly number[]): string[] {
  const largest = Math.max(...ticks.map(Math.abs), 0);
  const least = Math.min(...ticks.slice(1).map((tick, at) => Math.abs(tick - ticks[at]!)), Number.POSITIVE_INFINITY);
  if (largest >= 1e6 || (largest > 0 && largest < 1e-3)) return ticks.map(shortExponent);
  if (!Number.isFinite(least)) return ticks.map((tick) => String(Number(tick.toPrecision(4))));
  const decimals = Math.min(12, Math.max(0, -Math.floor(Math.log10(least) + 1e-9)));
  return ticks.map((tick) => tick.toFixed(decimals));
}

/** Labels of powers, each in its own form: 0.01, 1, 1e5. */
export function formatPowers(ticks: readonly number[]): string[] {
  return ticks.map((tick) => {
    const size = Math.abs(tick);
    return size !== 0 && (size < 1e-3 || size >= 1e5) ? shortExponent(tick) : String(tick);
  });
}

function shortExponent(value: number): string {
  if (value === 0) return "0";
  const [digits, exponent] = value.toExponential(6).split("e") as [string, string];
  return `${Number(digits)}e${Number(exponent)}`;
}

/** Steps: 0, 500, 20k, 1.5M. */
export function formatSteps(ticks: readonly number[]): string[] {
  const largest = Math.max(...ticks.map(Math.abs), 0);
  const [divisor, unit] =
    largest >= 1e10 ? [1e9, "G"] : largest >= 1e7 ? [1e6, "M"] : largest >= 1e4 ? [1e3, "k"] : [1, ""];
  return ticks.map((tick) => (tick === 0 ? "0" : `${Number((tick / divisor).toPrecision(12))}${unit}`));
}

const DURATION_UNITS = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1000, "s"],
] as const;

/** Short labels for ticks of durations in ms: 0, 30 s, 5 min, 1.5 h. */
export function formatDurations(ticks: readonly number[]): string[] {
  const step = ticks.length > 1 ? ticks[1]! - ticks[0]! : 1000;
  const [divisor, unit] = DURATION_UNITS.find(([size]) => step >= size) ?? ([1, "ms"] as const);
  return ticks.map((tick) => (tick === 0 ? "0" : `${Number((tick / divisor).toPrecision(12))} ${unit}`));
}

const clocks = new Map<string, Intl.DateTimeFormat>();

function clock(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const name = locale + JSON.stringify(options);
  let known = clocks.get(name);
  if (!known) clocks.set(name, (known = new Intl.DateTimeFormat(locale, options)));
  return known;
}

/** Labels of times: the clock, and the day where it changes. */
export function formatTimes(ticks: readonly number[], locale: string): string[] {
  const step = ticks.length > 1 ? ticks[1]! - ticks[0]! : 0;
  const day = clock(locale, { month: "short", day: "numeric" });
  if (step >= 86_400_000) return ticks.map((tick) => day.format(tick));
  const hour = clock(locale, {
    hour: "2-digit",
    minute: "2-digit",
    ...(step < 60_000 ? { second: "2-digit" } : {}),
    ...(step < 1000 ? { fractionalSecondDigits: 3 } : {}),
  });
  let before = "";
  return ticks.map((tick) => {
    const today = day.format(tick);
    const isNew = today !== before;
    before = today;
    return isNew ? `${today}, ${hour.format(tick)}` : hour.format(tick);
  });
}

/** The zone that times are shown in, as people write it. */
export function timeZone(locale: string, at: number = Date.now()): string {
  const parts = clock(locale, { timeZoneName: "short" }).formatToParts(at);
  return parts.find((part) => part.type === "timeZoneName")?.value ?? "";
}
