/** Permanent deletions: what is deleted, the preview and its execution. */
import { api } from "@/api/client";
import type { components } from "@/api/schema";
import { NEEDS } from "@/app/session/actions";
import { rights } from "@/app/session/rights.svelte";
import { runJob } from "@/nouns/job/runJob";

export type Preview = components["schemas"]["Preview"];
export type Deleted = components["schemas"]["DeletionResult"];

/** The target of a deletion, by the fields of its kind. */
export type Target =
  | { kind: "run"; run_id: string }
  | { kind: "experiment"; experiment_id: string }
  | { kind: "logged_model"; model_id: string }
  | { kind: "trace"; trace_id: string }
  | { kind: "registered_model"; name: string }
  | { kind: "model_version"; name: string; version: string }
  | { kind: "metric"; run_id: string; key: string }
  | { kind: "metric_steps"; run_id: string; key: string; from_step: number; to_step: number }
  | { kind: "param" | "tag"; run_id: string; key: string }
  | { kind: "artifact"; run_id: string; path: string }
  | { kind: "endpoint" | "link_log" | "monitor" | "job_schedule" | "alert_rule"; name: string }
  | { kind: "link"; name: string; copies: "keep" | "remove" }
  | { kind: "deployment"; name: string; deployment: string }
  | { kind: "webhook"; webhook_id: string }
  | { kind: "dataset_record"; dataset_id: string; record_id: string }
  | { kind: "dataset_input"; run_id: string; name: string; digest: string }
  | { kind: "capture_day"; name: string; day: string }
  | { kind: "evaluation_dataset"; dataset_id: string }
  | { kind: "token"; token_id: number }
  | { kind: "job"; job_id: string };

/** Deleted by one call: a token is of no workspace, and of the others a job would leave more behind than it deletes. */
const BY_CALL: ReadonlySet<Target["kind"]> = new Set([
  "token",
  "job",
  "job_schedule",
  "alert_rule",
  "dataset_record",
  "dataset_input",
]);

/** The sums and the obstacles of several previews. */
export interface Summary {
  items: readonly Preview[];
  counts: [string, number][];
  fileBytes: number;
  rowBytes: number;
  /** Name of what must be typed; null where nothing has to. */
  confirm: string | null;
}

export const MANY = 10;
/** What is typed for several things at once. */
export const WORD = "delete";

export async function preview(target: Target, signal: AbortSignal): Promise<Preview> {
  return await api.post("/api/trackside/v1/deletions/preview", { body: target, signal });
}

/** What a deletion has freed so far, what it keeps, and what remains to be done. */
export interface Freed extends Pick<Deleted, "file_bytes" | "row_bytes"> {
  rest: readonly string[];
}

/** Deletes as a job; a caller who may not start jobs deletes in as many calls as the server takes.  `onPart` is told what was
 *  freed in sum. */
export async function execute(
  target: Target,
  { token, confirm }: Pick<Preview, "token" | "confirm">,
  onPart: (part: Freed) => void,
): Promise<Freed> {
  if (!BY_CALL.has(target.kind) && rights.may(NEEDS.writeJobs)) {
    const job = await runJob("delete", { ...target, token, ...(confirm ? { confirm } : {}) });
    const { kept = [], ...sizes } = job.result as unknown as Omit<Freed, "rest"> & { kept?: string[] };
    const freed = { ...sizes, rest: kept };
    onPart(freed);
    return freed;
  }
  for (;;) {
    const part = await api.post("/api/trackside/v1/deletions", {
      body: { ...target, token, confirm: confirm ?? null },
    });
    const freed = { file_bytes: part.file_bytes, row_bytes: part.row_bytes, rest: part.pending ?? [] };
    onPart(freed);
    if (part.is_done) return freed;
  }
}

/** What can be deleted now: what has an obstacle is left out of the sums. */
export function summary(previews: readonly Preview[]): Summary {
  const free = previews.filter((each) => !each.obstacles?.length);
  const counts = new Map<string, number>();
  for (const each of free)
    for (const [noun, count] of Object.entries(each.counts)) counts.set(noun, (counts.get(noun) ?? 0) + count);
  const [only] = previews;
  return {
    items: free,
    counts: [...counts],
    fileBytes: sum(free.map((each) => each.file_bytes)),
    rowBytes: sum(free.map((each) => each.row_bytes)),
    confirm:
      previews.length === 1
        ? (only?.confirm ?? null)
        : previews.length >= MANY || free.some((each) => each.confirm)
          ? WORD
          : null,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
