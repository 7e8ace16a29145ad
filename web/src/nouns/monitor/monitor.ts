import type { components } from "@/api/schema";
import { href } from "@/app/address";

export type Monitor = components["schemas"]["ShownMonitor"];
export type Window = components["schemas"]["ShownWindow"];
export type Incident = components["schemas"]["ShownIncident"];
export type Score = components["schemas"]["Score"];

/** What the server stores of a window as JSON; see `evaluation.Result`. */
export interface Signal {
  name: string;
  variant: string;
  value: number;
  p_value?: number;
}
export interface Bars {
  reference: number[];
  current: number[];
  edges?: number[];
  labels?: string[];
}
export interface Column {
  found: { name: string; signals?: Signal[]; verdict: { drifted: boolean; reason?: string } };
  role: string;
  histogram?: Bars;
}
export interface Result {
  rows: number;
  rows_reference: number;
  reference: string;
  columns?: Column[];
  performance?: Record<string, number>;
  performance_reference?: Record<string, number>;
  estimated?: Record<string, number>;
  labelled?: number;
  magnitude?: number;
  contributions?: Record<string, number>;
  attribution_ndcg?: number;
  notes?: string[];
}

/** One rule's values of a column over time; null where a window has none. */
export interface Series {
  column: string;
  subject: string;
  ratios: (number | null)[];
}

export const monitorLink = (name: string): string => href("drift", name);

export function targetText({ target }: Monitor): string {
  const { endpoint, deployment, table } = target as Record<string, string | undefined>;
  return endpoint ? [endpoint, deployment].filter(Boolean).join("/") : (table ?? "");
}

/** The value of a score as a share of its threshold. */
export const ratioOf = ({ value, threshold }: Score): number => (threshold ? value / threshold : 0);

/** The greatest share of a threshold that a window has; null without a score. */
export const worstOf = ({ scores = [] }: Window): number | null =>
  scores.length ? Math.max(...scores.map(ratioOf)) : null;

/** The series of all columns, those that are farthest over their threshold in the window at `chosen` first. */
export function seriesOf(windows: readonly Window[], chosen = windows.length - 1): Series[] {
  const found = new Map<string, Series>();
  windows.forEach((window, at) => {
    for (const score of window.scores ?? []) {
      const { column, subject } = score;
      const key = `${subject} ${column}`;
      const series = found.get(key) ?? { column, subject, ratios: windows.map(() => null) };
      series.ratios[at] = ratioOf(score);
      found.set(key, series);
    }
  });
  const height = (series: Series): number => series.ratios[chosen] ?? -1;
  return [...found.values()].sort((one, other) => height(other) - height(one));
}

/** Whether a check belongs in the short list: drift and whole-table checks, and all that were ever over their threshold. */
export const isShort = ({ column, subject, ratios }: Series): boolean =>
  subject === "drift" || !column || ratios.some((ratio) => ratio !== null && ratio >= 1);
