/** Traces to the trash and back. */
import { api } from "@/api/client";
import { asFailure } from "@/api/failure";
import { toasts } from "@/ui/toast/toasts.svelte";

const AT_ONCE = 100;

/** Moves traces of an experiment to the trash, and says so with an undo.  `onrestored` is called after the undo. */
export async function moveToTrash(
  experiment: string,
  ids: readonly string[],
  said: string,
  onrestored: () => void,
): Promise<void> {
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const body = { experiment_id: experiment, request_ids: ids.slice(at, at + AT_ONCE) };
    await api.post("/api/3.0/mlflow/traces/delete-traces", { body });
  }
  toasts.done(said, () => void restore(ids, onrestored));
}

async function restore(ids: readonly string[], onrestored: () => void): Promise<void> {
  try {
    for (const id of ids) await api.post("/api/trackside/v1/trash/restore", { body: { kind: "trace", id } });
  } catch (error) {
    toasts.failed(asFailure(error).message);
  }
  onrestored();
}
