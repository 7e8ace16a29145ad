/** What saves the table as a file: the chosen runs, or all that match if none is chosen. */
import type { Action } from "@/app/action";
import type { RunsState } from "../state.svelte";
import { strings } from "../strings";
import { save } from "./export";
import { make } from "./work";

export function exportActions(page: RunsState, name: string, signal: AbortSignal): Action[] {
  return [
    { id: "csv", label: strings.t.exportCsv, icon: "download", run: () => save(page, "csv", name) },
    { id: "jsonl", label: strings.t.exportJson, icon: "download", run: () => save(page, "jsonl", name) },
    {
      id: "parquet",
      label: strings.t.exportParquet,
      icon: "download",
      run: () => make((files, tell) => files.saveParquet(page, name, signal, tell)),
    },
    {
      id: "report",
      label: strings.t.exportHtml,
      icon: "download",
      run: () => make((files, tell) => files.saveReport(page, name, signal, tell)),
    },
  ];
}
