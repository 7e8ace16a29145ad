/** What an endpoint answered, as lines to draw: one value for each step of time.  Pure. */
import type { components } from "@/api/schema";

export type Traffic = components["schemas"]["GotTraffic"];
export interface Line {
  name: string;
  /** One for each step; null without requests. */
  values: (number | null)[];
}

/** Requests per second of each deployment. */
export function requestRates(traffic: Traffic): Line[] {
  return lines(traffic, (point) => point.requests / traffic.step_s, 0);
}

/** Percent of the requests that failed, of each deployment. */
export function errorShares(traffic: Traffic): Line[] {
  return lines(traffic, (point) => (100 * (point.client_errors + point.server_errors)) / point.requests, null);
}

/** Latency of all deployments: the median, and the 95th and 99th percentile of the slowest deployment. */
export function latencies(traffic: Traffic): Line[] {
  return (["p50_ms", "p95_ms", "p99_ms"] as const).map((key) => {
    const values = empty(traffic, null);
    for (const point of traffic.points) {
      const at = place(traffic, point.start);
      if (at >= 0 && at < values.length) values[at] = Math.max(values[at] ?? 0, point[key]);
    }
    return { name: key.slice(0, 3), values };
  });
}

/** Pieces of a path in a box of this size, `top` being the value at its upper edge.  A value between two gaps is among `dots`. */
export function path(values: readonly (number | null)[], width: number, height: number, top: number): string {
  const step = values.length > 1 ? width / (values.length - 1) : 0;
  let isDown = false;
  return values
    .flatMap((value, at) => {
      if (value === null) {
        isDown = false;
        return [];
      }
      const where = `${round(at * step)} ${round(height - (value / top) * height)}`;
      if (isAlone(values, at)) return [];
      const word = isDown ? `L${where}` : `M${where}`;
      isDown = true;
      return [word];
    })
    .join("");
}

/** Values between two gaps, which a line would not show: lines of no width, which round ends make dots. */
export function dots(values: readonly (number | null)[], width: number, height: number, top: number): string {
  const step = values.length > 1 ? width / (values.length - 1) : 0;
  return values
    .map((value, at) =>
      value === null || !isAlone(values, at)
        ? ""
        : `M${round(at * step)} ${round(height - (value / top) * height)}h0.01`,
    )
    .join("");
}

function isAlone(values: readonly (number | null)[], at: number): boolean {
  return (values[at - 1] ?? null) === null && (values[at + 1] ?? null) === null;
}

/** A round number that is no smaller than any value: 1, 2 or 5 times a power of ten. */
export function topOf(lines: readonly Line[]): number {
  const most = Math.max(0, ...lines.flatMap((line) => line.values.map((value) => value ?? 0)));
  if (most === 0) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  return power * ([1, 2, 5, 10].find((each) => each * power >= most) ?? 10);
}

function lines(
  traffic: Traffic,
  value: (point: Traffic["points"][number]) => number,
  otherwise: number | null,
): Line[] {
  const found = new Map<string, (number | null)[]>();
  for (const point of traffic.points) {
    const values = found.get(point.deployment) ?? empty(traffic, otherwise);
    found.set(point.deployment, values);
    const at = place(traffic, point.start);
    if (at >= 0 && at < values.length) values[at] = value(point);
  }
  return [...found].sort(([a], [b]) => a.localeCompare(b)).map(([name, values]) => ({ name, values }));
}

function place(traffic: Traffic, start: number): number {
  return Math.round((start - traffic.since) / (traffic.step_s * 1000));
}

function empty(traffic: Traffic, value: number | null): (number | null)[] {
  const steps = Math.max(1, Math.round((traffic.until - traffic.since) / (traffic.step_s * 1000)));
  return Array.from({ length: steps }, () => value);
}

function round(value: number): string {
  return String(Math.round(value * 100) / 100);
}
