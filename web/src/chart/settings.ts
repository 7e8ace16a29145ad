/** How the charts of a page are drawn, and its form in the address.  Pure. */
import type { Spread } from "./series/group";
import type { Range, ScaleKind } from "./scale/scale";

export type XAxis = { readonly kind: "step" | "relative" | "wall" } | { readonly kind: "metric"; readonly key: string };

export interface Settings {
  readonly x: XAxis;
  readonly xLog: boolean;
  readonly y: ScaleKind;
  /** The share that the past keeps in the moving average; 0: none. */
  readonly smoothing: number;
  /** Leave a few wild values out of the y axis. */
  readonly clip: boolean;
  /** A param or tag whose values make one line of several runs; empty: a line a run. */
  readonly group: string;
  readonly spread: Spread;
  readonly exact: boolean;
  /** A regular expression for names of metrics. */
  readonly search: string;
  /** The part of x that all charts show. */
  readonly range: Range | null;
  /** Axes grow with runs that still log. */
  readonly follow: boolean;
}

export const DEFAULTS: Settings = {
  x: { kind: "step" },
  xLog: false,
  y: "linear",
  smoothing: 0,
  clip: false,
  group: "",
  spread: "range",
  exact: false,
  search: "",
  range: null,
  follow: false,
};

export const MOST_SMOOTHING = 0.999;

/** The next smoothing by an arrow key: steps become smaller towards 1, where a small change shows. */
export function stepSmoothing(smoothing: number, direction: 1 | -1): number {
  const from = smoothing + direction * 1e-9;
  const step = from > 0.99 ? 0.001 : from > 0.9 ? 0.01 : 0.05;
  return clamp(Math.round((smoothing + direction * step) * 1000) / 1000, 0, MOST_SMOOTHING);
}

/** Names in the address.  The page has others beside them. */
const NAMES = {
  x: "chart-x",
  log: "chart-log",
  smoothing: "chart-smooth",
  clip: "chart-clip",
  group: "chart-group",
  spread: "chart-band",
  exact: "chart-exact",
  search: "chart-find",
  range: "chart-zoom",
  follow: "chart-follow",
} as const;

/** What differs from the defaults; null removes a name from the address. */
export function toQuery(settings: Settings): Record<string, string | null> {
  const { x, xLog, y, smoothing, clip, group, spread, exact, search, range, follow } = settings;
  const log = [xLog && "x", y === "log" && "y", y === "asinh" && "asinh"].filter(Boolean).join(",");
  return {
    [NAMES.x]: x.kind === "step" ? null : x.kind === "metric" ? `metric:${x.key}` : x.kind,
    [NAMES.log]: log || null,
    [NAMES.smoothing]: smoothing ? String(smoothing) : null,
    [NAMES.clip]: clip ? "1" : null,
    [NAMES.group]: group || null,
    [NAMES.spread]: spread === "range" ? null : spread,
    [NAMES.exact]: exact ? "1" : null,
    [NAMES.search]: search || null,
    [NAMES.range]: range ? `${range.low}~${range.high}` : null,
    [NAMES.follow]: follow ? "1" : null,
  };
}

/** The inverse.  What it cannot read is as by default: an old or cut link still opens. */
export function fromQuery(query: URLSearchParams): Settings {
  const log = (query.get(NAMES.log) ?? "").split(",");
  return {
    x: readX(query.get(NAMES.x)),
    xLog: log.includes("x"),
    y: log.includes("y") ? "log" : log.includes("asinh") ? "asinh" : "linear",
    smoothing: clamp(Number(query.get(NAMES.smoothing)), 0, MOST_SMOOTHING),
    clip: query.get(NAMES.clip) === "1",
    group: query.get(NAMES.group) ?? "",
    spread: readSpread(query.get(NAMES.spread)),
    exact: query.get(NAMES.exact) === "1",
    search: query.get(NAMES.search) ?? "",
    range: readRange(query.get(NAMES.range)),
    follow: query.get(NAMES.follow) === "1",
  };
}

function readX(text: string | null): XAxis {
  if (text === "relative" || text === "wall") return { kind: text };
  if (text?.startsWith("metric:") && text.length > "metric:".length) {
    return { kind: "metric", key: text.slice("metric:".length) };
  }
  return DEFAULTS.x;
}

function readSpread(text: string | null): Spread {
  return text === "sd" || text === "ci" ? text : "range";
}

function readRange(text: string | null): Range | null {
  const [low, high, ...rest] = (text ?? "").split("~");
  if (!low || !high || rest.length) return null;
  const range = { low: Number(low), high: Number(high) };
  return Number.isFinite(range.low) && Number.isFinite(range.high) && range.low < range.high ? range : null;
}

function clamp(value: number, low: number, high: number): number {
  return Number.isFinite(value) ? Math.min(Math.max(value, low), high) : low;
}
