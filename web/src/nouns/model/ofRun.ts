/** The models that a run logged, as a dialog offers them to be registered. */
import { api } from "@/api/client";
import type { components } from "@/api/schema";
import { foldersOf, loggedModel, type Choice } from "./register";

type Run = components["schemas"]["Run"];

const HISTORY_TAG = "mlflow.log-model.history";

/** Whether the run logged a model, without a further call. */
export function hasModel(run: Run): boolean {
  return Boolean(run.outputs?.model_outputs?.length) || foldersOfRun(run).length > 0;
}

/** The models of the run, the last one first. */
export async function modelsOf(run: Run, signal: AbortSignal): Promise<Choice[]> {
  const path = { run_id: run.info.run_id };
  const { logged_models = [] } = await api.get("/api/trackside/v1/runs/{run_id}/models", { path, signal });
  const logged = logged_models
    .filter((each) => each.direction === "output")
    .map(({ model }) => ({
      label: `${model.name} · ${model.model_id}`,
      name: model.name,
      from: loggedModel(model.model_id, run.info.run_id),
    }));
  // Some clients log a model in both ways.
  return (logged.length ? logged : foldersOfRun(run)).reverse();
}

function foldersOfRun({ info, data }: Run): Choice[] {
  return foldersOf(info.run_id, info.artifact_uri ?? "", data.tags?.find(({ key }) => key === HISTORY_TAG)?.value);
}
