import { api } from "@/api/client";
import type { ListedRun } from "@/chart/data/runs";
import { comparison } from "@/nouns/run/field";
import { traceOf, type TraceInfo } from "@/nouns/trace/trace";

const PAGE = 100;
/** Of each run; further ones are not compared. */
export const MOST_TRACES = 1000;

export interface Traces {
  list: TraceInfo[];
  isCut: boolean;
}

/** The traces that a run made, the newest first. */
export async function loadTraces({ runId, experimentId }: ListedRun, signal: AbortSignal): Promise<Traces> {
  const list: TraceInfo[] = [];
  let token: string | undefined;
  do {
    const body = {
      locations: [{ type: "MLFLOW_EXPERIMENT", mlflow_experiment: { experiment_id: experimentId } }],
      max_results: PAGE,
      order_by: ["timestamp_ms DESC"],
      filter: comparison("run_id", runId),
      ...(token ? { page_token: token } : {}),
    };
    const answer = await api.post("/api/3.0/mlflow/traces/search", { body, signal });
    list.push(...(answer.traces ?? []).map(traceOf));
    token = answer.next_page_token ?? undefined;
  } while (token && list.length < MOST_TRACES);
  return { list, isCut: token !== undefined };
}
