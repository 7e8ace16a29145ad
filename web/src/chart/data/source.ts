/** Asks the server for series and for the keys of metrics.  Knows the wire; knows no chart. */
import { send } from "@/api/client";
import { apiUrl } from "@/app/workspace";
import type { XAxis } from "../settings";
import { EMPTY, NOTHING_ODD, oddOf, type Series } from "../series/series";

export interface SeriesCall {
  readonly runIds: readonly string[];
  readonly key: string;
  readonly x: XAxis;
  /** Of x, both inclusive; null: all. */
  readonly range: { readonly low: number; readonly high: number } | null;
  readonly buckets: number;
  readonly exact: boolean;
}

export interface SeriesAnswer {
  readonly series: readonly Series[];
  /** Where the grid of buckets begins: the first point of all series.  Null in exact mode. */
  readonly start: number | null;
  /** Some exact series are longer than the server sends at once. */
  readonly truncated: boolean;
}

interface WireSeries {
  run_id: string;
  key: string;
  points: number;
  in_range: number;
  x: (number | null)[];
  last?: (number | null)[];
  min?: (number | null)[];
  max?: (number | null)[];
  count?: number[];
  value?: (number | null)[];
  truncated?: boolean;
  odd?: { bucket: number[]; nan: number[]; inf: number[]; minus_inf: number[] };
  bucket?: number[];
}

/** Exact points of a series, and of all series of an answer; the server refuses more. */
const MOST_EXACT = 100_000;
const MOST_EXACT_IN_ALL = 2_000_000;

export async function fetchSeries(call: SeriesCall, signal: AbortSignal): Promise<SeriesAnswer> {
  const answer = await post<{ series: WireSeries[]; grid?: { start: number } | null }>(
    "metrics/series",
    {
      series: call.runIds.map((run_id) => ({ run_id, key: call.key })),
      x: wireX(call.x),
      ...(call.range
        ? { start: wireEnd(call.x, call.range.low, Math.floor), end: wireEnd(call.x, call.range.high, Math.ceil) }
        : {}),
      ...(call.exact
        ? {
            exact: true,
            max_points: Math.floor(Math.min(MOST_EXACT, MOST_EXACT_IN_ALL / Math.max(1, call.runIds.length))),
          }
        : { buckets: call.buckets }),
    },
    signal,
  );
  return {
    series: answer.series.map(decode),
    start: answer.grid?.start ?? null,
    truncated: answer.series.some((series) => series.truncated === true),
  };
}

/** A field as the server's filters write it; a key with other characters than those stands in backticks. */
export function metricField(key: string): string {
  return /^[\w.\-/]+$/.test(key) ? `metrics.${key}` : `metrics.\`${key}\``;
}

function wireX(x: XAxis): string {
  if (x.kind === "metric") return metricField(x.key);
  return x.kind === "wall" ? "time" : x.kind;
}

function wireEnd(x: XAxis, value: number, round: (value: number) => number): number {
  return x.kind === "metric" ? value : round(value);
}

export function decode(wire: WireSeries): Series {
  const x = column(wire.x);
  if (wire.value) {
    const last = column(wire.value);
    const count = new Float64Array(last.length).fill(1);
    const total = wire.in_range;
    return {
      runId: wire.run_id,
      key: wire.key,
      x,
      last,
      min: last,
      max: last,
      count,
      total,
      exact: last.length >= total,
      odd: oddOf(x, last),
    };
  }
  const count = column(wire.count ?? []);
  return {
    runId: wire.run_id,
    key: wire.key,
    x,
    last: column(wire.last ?? []),
    min: column(wire.min ?? []),
    max: column(wire.max ?? []),
    count,
    total: wire.in_range,
    exact: count.every((points) => points === 1),
    odd: decodeOdd(wire, x),
  };
}

function decodeOdd({ odd, bucket = [] }: WireSeries, x: Float64Array): Series["odd"] {
  if (!odd?.bucket.length) return NOTHING_ODD;
  const places = new Map(bucket.map((number, at) => [number, at]));
  const sum = (counts: number[]): number => counts.reduce((all, each) => all + each, 0);
  return {
    nan: sum(odd.nan),
    inf: sum(odd.inf),
    minusInf: sum(odd.minus_inf),
    x: Float64Array.from(odd.bucket, (number) => x[places.get(number) ?? -1] ?? Number.NaN),
  };
}

function column(values: readonly (number | null)[]): Float64Array {
  return values.length ? Float64Array.from(values, (value) => value ?? Number.NaN) : EMPTY;
}

export interface MetricKey {
  readonly key: string;
  readonly runs: number;
  readonly points: number;
  /** Of all points; null where none is a number. */
  readonly min: number | null;
  readonly max: number | null;
  /** ms since 1970, of the first point. */
  readonly firstTime: number;
  readonly isSystem: boolean;
}

const KEYS_AT_ONCE = 5000;
/** Cards for more keys than these are not offered. */
export const MOST_KEYS = 20_000;

/** The metrics of runs in the order in which they were first logged, and how many there are in all. */
export async function fetchKeys(
  runIds: readonly string[],
  signal: AbortSignal,
): Promise<{ keys: MetricKey[]; total: number }> {
  const keys: MetricKey[] = [];
  let total: number;
  let pageToken: string | undefined;
  do {
    const page = await post<{
      total: number;
      keys: {
        key: string;
        runs: number;
        points: number;
        min: number | null;
        max: number | null;
        first_time: number;
        is_system: boolean;
      }[];
      next_page_token?: string | null;
    }>("metrics/keys", { run_ids: runIds, lifecycle: "all", max_results: KEYS_AT_ONCE, page_token: pageToken }, signal);
    total = page.total;
    for (const { key, runs, points, min, max, first_time, is_system } of page.keys) {
      keys.push({ key, runs, points, min, max, firstTime: first_time, isSystem: is_system });
    }
    pageToken = page.next_page_token ?? undefined;
  } while (pageToken && keys.length < MOST_KEYS);
  return { keys: inOrderOfLogging(keys), total };
}

/** What was logged at once is in the order of people: `layer2` before `layer10`. */
export function inOrderOfLogging(keys: readonly MetricKey[]): MetricKey[] {
  const order = new Intl.Collator("en", { numeric: true }).compare;
  return keys.toSorted((a, b) => a.firstTime - b.firstTime || order(a.key, b.key) || (a.key < b.key ? -1 : 1));
}

/** The value of a param, tag or attribute of each run; null where a run has none. */
export async function fetchField(
  runIds: readonly string[],
  field: string,
  signal: AbortSignal,
): Promise<Map<string, string | null>> {
  const body = { run_ids: runIds, columns: [field], max_results: runIds.length, lifecycle: "all" };
  const { runs, columns } = await post<{ runs: { run_id: string[] }; columns: (string | number | null)[][] }>(
    "runs/table",
    body,
    signal,
  );
  const values = columns[0] ?? [];
  return new Map(
    runs.run_id.map((id, at) => [id, values[at] === null || values[at] === undefined ? null : String(values[at])]),
  );
}

/** Fields that runs can be grouped by: their params and tags that vary. */
export async function fetchFields(runIds: readonly string[], signal: AbortSignal): Promise<string[]> {
  const body = { run_ids: runIds, kinds: ["param", "tag"], lifecycle: "all", max_results: 500 };
  const { columns } = await post<{ columns: { field: string; key: string; varies: boolean }[] }>(
    "runs/columns",
    body,
    signal,
  );
  return columns.filter(({ key, varies }) => varies && !key.startsWith("mlflow.")).map(({ field }) => field);
}

export async function post<A>(path: string, body: object, signal: AbortSignal): Promise<A> {
  const answer = await send(apiUrl(`api/trackside/v1/${path}`), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal,
  });
  return (await answer.json()) as A;
}
