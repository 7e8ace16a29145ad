/** The runs of experiments as lists of charts need them. */
import { post } from "./source";
import { shownName } from "@/nouns/run/name";

export interface ListedRun {
  readonly runId: string;
  readonly experimentId: string;
  readonly name: string;
  readonly status: string;
}

export interface RunPage {
  readonly runs: readonly ListedRun[];
  readonly matching: number;
}

interface Selection {
  filter?: string;
  experiment_ids?: readonly string[];
  run_ids?: readonly string[];
  lifecycle?: "active" | "deleted" | "all";
  order_by?: readonly string[];
}

export async function fetchRuns(selection: Selection, most: number, signal: AbortSignal): Promise<RunPage> {
  const answer = await post<{
    matching: number;
    runs: { run_id: string[]; run_name: (string | null)[]; experiment_id: string[]; status: string[] };
  }>("runs/table", { ...selection, columns: [], max_results: most }, signal);
  const { run_id, run_name, experiment_id, status } = answer.runs;
  const runs = run_id.map((runId, at) => ({
    runId,
    experimentId: experiment_id[at] ?? "",
    name: shownName(run_name[at], runId),
    status: status[at] ?? "",
  }));
  return { runs, matching: answer.matching };
}
