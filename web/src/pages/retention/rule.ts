/** A retention rule as a form has it, and as the server takes it. */
import type { components } from "@/api/schema";

export type Preview = components["schemas"]["RetentionPreview"];
export type Keep = "all" | "last" | "best";
export type Does = "trash" | "delete" | "files";

export interface Form {
  experiments: string;
  filter: string;
  days: string;
  keep: Keep;
  count: string;
  metric: string;
  isLower: boolean;
  does: Does;
  files: string;
  percent: string;
}

export const EMPTY: Form = {
  experiments: "*",
  filter: "",
  days: "",
  keep: "all",
  count: "10",
  metric: "",
  isLower: false,
  does: "trash",
  files: "",
  percent: "10",
};

/** The fields of a stored rule; those that it does not have are missing or empty. */
interface Stored {
  experiments?: string;
  filter?: string;
  older_than_days?: number;
  keep_last?: number;
  keep_best?: number;
  metric?: string;
  is_lower_better?: boolean;
  artifacts?: string;
  permanently?: boolean;
  most_percent?: number;
}

/** What the server takes; undefined while the form is not filled in. */
export function ruleOf(form: Form): Record<string, unknown> | undefined {
  const count = whole(form.count);
  const days = form.days.trim() ? whole(form.days) : 0;
  const percent = whole(form.percent);
  if (days === undefined || percent === undefined || percent < 1 || percent > 100) return undefined;
  if (form.keep !== "all" && !count) return undefined;
  if (form.keep === "best" && !form.metric.trim()) return undefined;
  if (form.does === "files" && !form.files.trim()) return undefined;
  const narrows = form.filter.trim() || days || form.keep !== "all" || form.does === "files";
  if (!narrows) return undefined;
  return {
    experiments: form.experiments.trim() || "*",
    ...(form.filter.trim() ? { filter: form.filter.trim() } : {}),
    ...(days ? { older_than_days: days } : {}),
    ...(form.keep === "last" ? { keep_last: count } : {}),
    ...(form.keep === "best" ? { keep_best: count, metric: form.metric.trim(), is_lower_better: form.isLower } : {}),
    ...(form.does === "files" ? { artifacts: form.files.trim() } : {}),
    ...(form.does === "delete" ? { permanently: true } : {}),
    most_percent: percent,
  };
}

/** The form of a rule that is stored. */
export function formOf(params: unknown): Form {
  const rule = (params ?? {}) as Stored;
  const keep: Keep = rule.keep_best ? "best" : rule.keep_last ? "last" : "all";
  return {
    experiments: text(rule.experiments) || "*",
    filter: text(rule.filter),
    days: rule.older_than_days ? text(rule.older_than_days) : "",
    keep,
    count: text(rule.keep_best || rule.keep_last) || EMPTY.count,
    metric: text(rule.metric),
    isLower: rule.is_lower_better === true,
    does: rule.artifacts ? "files" : rule.permanently ? "delete" : "trash",
    files: text(rule.artifacts),
    percent: text(rule.most_percent) || EMPTY.percent,
  };
}

function whole(value: string): number | undefined {
  return /^\d{1,6}$/.test(value.trim()) ? Number(value) : undefined;
}

function text(value: string | number | undefined): string {
  return value === undefined ? "" : String(value);
}
