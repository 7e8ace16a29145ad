import { api } from "@/api/client";
import { asFailure, isAbort } from "@/api/failure";
import { connection } from "@/app/connection.svelte";
import { RunList } from "./rows/list.svelte";
import type { RunsState } from "./state.svelte";

const WAIT_S = 50;
const PAUSE_MS = 1000;
const LONG_PAUSE_MS = 10_000;
const MAX_COUNTED = 1000;

/** Follows the changes of an experiment: values of runs in sight change in place, and new runs are counted for the pill.  A
 *  hidden tab asks nothing; when it is shown again, it goes on from where it was. */
export function follow(state: RunsState): () => void {
  const abort = new AbortController();
  void loop(state, abort.signal);
  return () => abort.abort();
}

async function loop(state: RunsState, signal: AbortSignal): Promise<void> {
  let after: number | undefined;
  while (!signal.aborted) {
    try {
      await visible(signal);
      const query = { experiment_id: state.experimentIds, ...(after === undefined ? {} : { after, wait_s: WAIT_S }) };
      const news = await api.get("/api/trackside/v1/live", { query, signal });
      if (news.reset) state.reload();
      after = news.cursor;
      const runs = (news.changes ?? []).filter((change) => change.entity === "run");
      await take(
        state,
        runs.map((change) => change.entity_id),
      );
      // Values that change many times a second are read once a second.
      if (runs.length) await pause(PAUSE_MS, signal);
    } catch (error) {
      if (signal.aborted || isAbort(error)) return;
      if (asFailure(error).isLost) await recovered(signal);
      else await pause(LONG_PAUSE_MS, signal);
    }
  }
}

/** Refreshes runs that are loaded; of the others, those that match and were not counted are new. */
async function take(state: RunsState, ids: string[]): Promise<void> {
  if (!ids.length) return;
  state.logged(ids);
  const lists = state.outline.lists().filter((list) => list instanceof RunList);
  const loaded = new Set(lists.flatMap((list) => list.loaded().map(([, run]) => run.id)));
  await Promise.all(lists.map((list) => list.refresh(ids)));
  const unknown = ids.filter((id) => !loaded.has(id) && !state.notNew.has(id)).slice(0, MAX_COUNTED);
  if (!unknown.length) return;
  for (const id of unknown) state.notNew.add(id);
  state.newRuns += await state.countMatching(unknown);
  // An empty page shows its first run at once: nothing in sight can move.
  if (state.outline.root.length === 0 && state.newRuns > 0) state.reload();
}

async function visible(signal: AbortSignal): Promise<void> {
  while (document.hidden && !signal.aborted) {
    await new Promise((resolve) => {
      document.addEventListener("visibilitychange", resolve, { once: true, signal });
      signal.addEventListener("abort", resolve, { once: true });
    });
  }
}

async function recovered(signal: AbortSignal): Promise<void> {
  while (connection.isLost && !signal.aborted) await pause(PAUSE_MS, signal);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
