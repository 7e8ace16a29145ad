/** The columns of a list of logged models: their metrics by dataset, and params that differ.  Pure. */
import type { components } from "@/api/schema";
import type { Order } from "@/nouns/experiment/orders";
import { toNumber } from "@/nouns/run/run";

export type LoggedModel = components["schemas"]["trackside.logged_models.model.LoggedModel"];

/** A metric on one dataset.  Two datasets of one name are told apart by their digests. */
export interface MetricColumn {
  /** What the address of an order calls it. */
  field: string;
  key: string;
  dataset: string;
  digest: string;
  isAmbiguous: boolean;
}

/** Return a column for each metric and dataset that a model has, by name. */
export function metricColumns(models: readonly LoggedModel[]): MetricColumn[] {
  const found = new Map<string, MetricColumn>();
  for (const { data } of models) {
    for (const { key, dataset_name = "", dataset_digest = "" } of data.metrics ?? []) {
      const field = fieldOf(key, dataset_name, dataset_digest);
      found.set(field, { field, key, dataset: dataset_name, digest: dataset_digest, isAmbiguous: false });
    }
  }
  const all = [...found.values()];
  const isTwin = (a: MetricColumn, b: MetricColumn) => a !== b && a.key === b.key && a.dataset === b.dataset;
  for (const each of all) each.isAmbiguous = all.some((other) => isTwin(each, other));
  return all.sort((a, b) => order(a.key, b.key) || order(a.dataset, b.dataset));
}

/** Return the params of which the models have several values, by name; all params of a single model. */
export function paramColumns(models: readonly LoggedModel[]): string[] {
  const found = new Map<string, Set<string | undefined>>();
  for (const { data } of models) for (const { key } of data.params ?? []) found.set(key, new Set());
  for (const model of models) for (const [key, values] of found) values.add(paramOf(model, key));
  return [...found]
    .filter(([, values]) => models.length === 1 || values.size > 1)
    .map(([key]) => key)
    .sort(order);
}

/** Return the newest value of a metric on a dataset. */
export function metricOf({ data }: LoggedModel, column: MetricColumn): number | undefined {
  const own = (data.metrics ?? []).filter(
    (each) => fieldOf(each.key, each.dataset_name ?? "", each.dataset_digest ?? "") === column.field,
  );
  const newest = own.toSorted(
    (a, b) => Number(a.step ?? 0) - Number(b.step ?? 0) || Number(a.timestamp) - Number(b.timestamp),
  );
  const last = newest.at(-1);
  return last && toNumber(last.value);
}

export function paramOf({ data }: LoggedModel, key: string): string | undefined {
  return data.params?.find((each) => each.key === key)?.value;
}

/** What the call takes as its order; the newest models come first without one. */
export function orderOf(order: Order | undefined) {
  const [key = "", dataset = "", digest = ""] = order ? partsOf(order.field) : [];
  if (!order || !key) return { field_name: "creation_timestamp", ascending: false };
  const ascending = order.direction === "asc";
  if (key === "creation_timestamp" || key === "name") return { field_name: key, ascending };
  return {
    field_name: `metrics.${key}`,
    ascending,
    ...(dataset ? { dataset_name: dataset } : {}),
    ...(digest ? { dataset_digest: digest } : {}),
  };
}

function fieldOf(key: string, dataset: string, digest: string): string {
  return JSON.stringify(dataset || digest ? [key, dataset, digest] : [key]);
}

function partsOf(field: string): string[] {
  try {
    const parts: unknown = JSON.parse(field);
    return Array.isArray(parts) ? parts.map(String) : [];
  } catch {
    return [field];
  }
}

const { compare: order } = new Intl.Collator("en", { numeric: true });
