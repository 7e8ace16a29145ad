/** What runs have, side by side: each param, metric and tag as a row.  Pure but for the call. */
import { api } from "@/api/client";
import type { ListedRun } from "@/chart/data/runs";
import { dimensionOf, type Value } from "@/chart/plots/dimension";
import type { Order } from "@/nouns/experiment/orders";
import { isSystemMetric, isSystemTag, toNumber, type Run } from "@/nouns/run/run";

export type FieldKind = "attribute" | "param" | "metric" | "tag";

export interface Field {
  readonly id: string;
  readonly kind: FieldKind;
  readonly key: string;
  /** By run; null: the run has none. */
  readonly values: readonly Value[];
}

const IDS_AT_ONCE = 100;

/** The runs with all that was logged for them, in the order of `listed`. */
export async function fetchValues(listed: readonly ListedRun[], signal: AbortSignal): Promise<Run[]> {
  const experimentIds = [...new Set(listed.map((run) => run.experimentId))];
  const found = new Map<string, Run>();
  for (let at = 0; at < listed.length; at += IDS_AT_ONCE) {
    const ids = listed.slice(at, at + IDS_AT_ONCE).map((run) => `'${run.runId}'`);
    const body = {
      experiment_ids: experimentIds,
      filter: `attributes.run_id IN (${ids.join(", ")})`,
      run_view_type: "ALL" as const,
      max_results: IDS_AT_ONCE,
    };
    const { runs = [] } = await api.post("/api/2.0/mlflow/runs/search", { body, signal });
    for (const run of runs) found.set(run.info.run_id, run);
  }
  return listed.flatMap((run) => found.get(run.runId) ?? []);
}

/** By name; metrics of the machine come last, since they say least of a model. */
export function fieldsOf(runs: readonly Run[]): Field[] {
  const fields = new Map<string, { kind: FieldKind; key: string; values: Value[] }>();
  const put = (kind: FieldKind, key: string, at: number, value: Value): void => {
    const id = `${kind}s.${key}`;
    let field = fields.get(id);
    if (!field) fields.set(id, (field = { kind, key, values: Array.from(runs, () => null) }));
    field.values[at] = value;
  };
  for (const [at, { data }] of runs.entries()) {
    for (const { key, value } of data.params ?? []) put("param", key, at, value);
    for (const { key, value } of data.metrics ?? []) put("metric", key, at, toNumber(value));
    for (const { key, value } of data.tags ?? []) if (!isSystemTag(key)) put("tag", key, at, value);
  }
  const order = new Intl.Collator("en", { numeric: true }).compare;
  const isLast = ({ kind, key }: { kind: FieldKind; key: string }): number =>
    +(kind === "metric" && isSystemMetric(key));
  return [...fields]
    .map(([id, field]) => ({ id, ...field }))
    .sort((a, b) => isLast(a) - isLast(b) || order(a.key, b.key));
}

/** Two runs differ in it, or one lacks it.  NaN is NaN. */
export function varies({ values }: Field): boolean {
  return values.some((value) => !Object.is(value, values[0]));
}

/** How a value compares to that of the base: `+0.02` for metrics, `×3` for params that are numbers.  Empty: not at all. */
export function change(kind: FieldKind, value: Value, base: Value, format: (value: number) => string): string {
  if (value === null || base === null || value === "" || base === "") return "";
  const [now, then] = [Number(value), Number(base)];
  if (!Number.isFinite(now) || !Number.isFinite(then) || now === then) return "";
  if (kind === "metric") return `${now > then ? "+" : "−"}${format(Math.abs(now - then))}`;
  if (kind === "param" && then !== 0 && now / then > 0) return `×${format(now / then)}`;
  return "";
}

/** The places of the highest and the lowest number; null where all are alike or fewer than two are there. */
export function extremes(values: readonly Value[]): { highest: number; lowest: number } | null {
  let highest = -1;
  let lowest = -1;
  for (const [at, value] of values.entries()) {
    if (typeof value !== "number" || !Number.isFinite(value)) continue;
    if (highest < 0 || value > Number(values[highest])) highest = at;
    if (lowest < 0 || value < Number(values[lowest])) lowest = at;
  }
  return highest < 0 || values[highest] === values[lowest] ? null : { highest, lowest };
}

/** The fields with that of an id first: what the runs are compared by. */
export function targetFirst(fields: readonly Field[], id: string | null): Field[] {
  return [...fields.filter((field) => field.id === id), ...fields.filter((field) => field.id !== id)];
}

/** The positions of a field's values from the worst to the best, so that plots draw the best run on top; absent values come
 *  first.  The order of the table says which end is better, if it is by this field; otherwise the highest value is on top. */
export function bestLast(field: Field, order: Order | undefined): number[] {
  const { share } = dimensionOf(field.key, field.values);
  const sign = order?.field === field.id && order.direction === "asc" ? -1 : 1;
  const ranks = field.values.map((value) => {
    const found = share(value);
    return found === null ? -Infinity : sign * found;
  });
  return Array.from(ranks.keys()).sort((a, b) => ((ranks[a] ?? 0) < (ranks[b] ?? 0) ? -1 : +(ranks[a] !== ranks[b])));
}

/** The axes of parallel coordinates before a user chooses any: params, then metrics, the first metric last. */
export function firstAxes(fields: readonly Field[], most: number): Field[] {
  const metrics = fields.filter((field) => field.kind === "metric").slice(0, 2);
  const params = fields.filter((field) => field.kind === "param").slice(0, most - metrics.length);
  return [...params, ...metrics.reverse()];
}

/** Fields that a plot can show, those that say most first: metrics and params of which runs have several values. */
export function plottable(fields: readonly Field[]): Field[] {
  return fields.filter((field) => field.kind !== "tag" && varies(field));
}
