import type { components } from "@/api/schema";
import { href } from "@/app/address";

export type Monitor = components["schemas"]["ShownMonitor"];
export type Window = components["schemas"]["ShownWindow"];
export type Incident = components["schemas"]["ShownIncident"];

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
  last: { value: number; threshold: number; signal: string; isOver: boolean };
}

export const monitorLink = (name: string): string => href("drift", name);

export function targetText({ target }: Monitor): string {
  const { endpoint, deployment, table } = target as Record<string, string | undefined>;
  return endpoint ? [endpoint, deployment].filter(Boolean).join("/") : (table ?? "");
}

/** The series of all columns, those that are farthest over their threshold in the newest window first. */
export function seriesOf(windows: readonly Window[]): Series[] {
  const found = new Map<string, Series>();
  windows.forEach((window, at) => {
    for (const score of window.scores ?? []) {
      const key = `${score.subject} ${score.column}`;
      const series = found.get(key) ?? {
        column: score.column,
        subject: score.subject,
        ratios: windows.map(() => null),
        last: { value: 0, threshold: 1, signal: "", isOver: false },
      };
      series.ratios[at] = score.threshold ? score.value / score.threshold : 0;
      if (at === windows.length - 1 || series.ratios[at] !== null) {
        const { value, threshold, signal = "", is_over: isOver = false } = score;
        series.last = { value, threshold, signal, isOver };
      }
      found.set(key, series);
    }
  });
  const height = (series: Series): number => series.ratios.at(-1) ?? -1;
  return [...found.values()].sort((one, other) => height(other) - height(one));
}
