import { send } from "@/api/client";
import { asFailure } from "@/api/failure";
import { apiUrl } from "@/app/workspace";
import { toasts } from "@/ui/toast/toasts.svelte";
import type { RunsState } from "../state.svelte";

/** Saves the table as a file: the chosen runs, or all that match, with the columns and the order of the view. */
export async function save(page: RunsState, format: "csv" | "jsonl", name: string): Promise<void> {
  const { ids, isAll } = page.selection;
  const question = page.asked;
  const body = {
    experiment_ids: question.experimentIds,
    lifecycle: question.lifecycle,
    columns: question.columns,
    order_by: question.orderBy,
    format,
    ...(ids.size && !isAll ? { run_ids: [...ids] } : { filter: question.filter }),
  };
  try {
    const answer = await send(apiUrl("/api/trackside/v1/runs/export"), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    download(await answer.blob(), `${name.replace(/[^\p{L}\p{N}._-]+/gu, "-")}.${format}`);
  } catch (error) {
    toasts.failed(asFailure(error).message);
  }
}

function download(content: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
