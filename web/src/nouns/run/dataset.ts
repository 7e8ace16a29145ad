/** The datasets of runs, as a table of runs shows them.  Pure. */
import type { components } from "@/api/schema";
import { both, comparison } from "./field";

/** The column of the datasets. */
export const DATASETS = "datasets";

export type DatasetUse = components["schemas"]["DatasetCell"];
type Cell = components["schemas"]["Window"]["columns"][number][number];

export function datasetsOf(cell: Cell | undefined): readonly DatasetUse[] {
  return Array.isArray(cell) ? cell : [];
}

/** A cell as one value: datasets are `iris (train), wine`, as in a CSV of the server. */
export function plain(cell: Cell | undefined): number | string | null {
  if (!Array.isArray(cell)) return cell ?? null;
  return cell.map(({ name, context }) => (context === null ? name : `${name} (${context})`)).join(", ");
}

/** A filter with the condition that a run uses a dataset of this name; the same filter if it has that condition. */
export function withDataset(filter: string, name: string): string {
  const wanted = comparison("dataset.name", name);
  return filter.includes(wanted) ? filter : both(filter, wanted);
}
