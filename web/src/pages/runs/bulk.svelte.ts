import { api } from "@/api/client";
import { asFailure } from "@/api/failure";
import type { components } from "@/api/schema";
import { toasts } from "@/ui/toast/toasts.svelte";
import type { RunsState } from "./state.svelte";
import { strings } from "./strings";

type Undo = components["schemas"]["Undo"];

export type Bulk =
  | { action: "set-tag"; key: string; value: string }
  | { action: "delete-tag"; key: string }
  | { action: "delete" }
  | { action: "restore" }
  | { action: "move"; experiment_id: string };

/** Changes the chosen runs: those with the chosen ids, or all that match.  The toast has a way back. */
export async function change(page: RunsState, bulk: Bulk): Promise<void> {
  const { ids, isAll } = page.selection;
  const { filter, lifecycle } = page.view;
  const runs = isAll ? { filter } : { run_ids: [...ids] };
  try {
    const body = { experiment_ids: page.experimentIds, lifecycle, ...runs, ...bulk };
    const answer = await api.post("/api/trackside/v1/runs/bulk", { body });
    const { changed, refused_total: refused } = answer;
    if (changed || !refused)
      toasts.done(strings.t.bulkDone[bulk.action](changed), () => undoChanges(page, answer.undo));
    if (refused) toasts.failed(strings.t.bulkRefused(refused, answer.refused[0]?.reason ?? ""));
    if (bulk.action !== "set-tag" && bulk.action !== "delete-tag") page.selection.clear();
  } catch (error) {
    toasts.failed(asFailure(error).message);
  }
  page.reload();
}

async function undoChanges(page: RunsState, undo: Undo[]): Promise<void> {
  try {
    for (const { action, run_ids, lifecycle, key, value, experiment_id } of undo) {
      // The reload below shows them: they are not announced as new.
      for (const id of run_ids) page.notNew.add(id);
      const more = { key: key ?? null, value: value ?? null, experiment_id: experiment_id ?? null };
      await api.post("/api/trackside/v1/runs/bulk", {
        body: { action, run_ids, lifecycle: lifecycle ?? "all", ...more },
      });
    }
    toasts.done(strings.t.undone);
  } catch (error) {
    toasts.failed(asFailure(error).message);
  }
  page.reload();
}
