/** What several pages read of a version. */
import { api, sendRange } from "@/api/client";
import { asFailure } from "@/api/failure";
import type { components } from "@/api/schema";
import { apiUrl } from "@/app/workspace";
import { artifactsOfLoggedModel, artifactsOfRun, within, type Files } from "@/nouns/artifact/files";
import { parseMlModel, type MlModel } from "./mlmodel";

export type Lineage = components["schemas"]["Lineage"];

const MAX_BYTES = 1024 * 1024;
const MAX_REQUEST_BYTES = 64 * 1024;

/** The file `MLmodel` of a version; or why it cannot be read, in words. */
export async function loadMlModel(name: string, version: string, signal: AbortSignal): Promise<MlModel | string> {
  try {
    return await parseMlModel(await read(name, version, "MLmodel", MAX_BYTES, signal));
  } catch (error) {
    if (signal.aborted) throw error;
    return asFailure(error).message;
  }
}

/** The body of the request that was saved with a version; undefined if there is none, or if it is too long to edit. */
export async function loadRequest(
  name: string,
  version: string,
  { request }: MlModel,
  signal: AbortSignal,
): Promise<unknown> {
  if (!request) return undefined;
  try {
    const text = await read(name, version, request, MAX_REQUEST_BYTES, signal);
    return JSON.parse(text) as unknown; // a text that was cut is no JSON
  } catch (error) {
    if (signal.aborted) throw error;
    return undefined;
  }
}

async function read(name: string, version: string, path: string, bytes: number, signal: AbortSignal): Promise<string> {
  const url = apiUrl("/model-versions/get-artifact");
  url.search = new URLSearchParams({ name, version, path }).toString();
  const answer = await sendRange(url, 0, bytes, signal);
  return answer.text();
}

export function loadLineage(name: string, version: string, signal: AbortSignal): Promise<Lineage> {
  return api.get("/api/trackside/v1/model-versions/{name}/{version}/lineage", { path: { name, version }, signal });
}

/** The files that a version was made of: of its run or its logged model.  null: they lie elsewhere. */
export async function loadFiles(
  { model_version, run, logged_model }: Lineage,
  signal: AbortSignal,
): Promise<Files | null> {
  const source = model_version.source ?? "";
  const fromModel = /^models:\/(m-[0-9a-f]+)$/.exec(source)?.[1];
  if (fromModel) return artifactsOfLoggedModel(fromModel);
  if (run) {
    const { run: whole } = await api.get("/api/2.0/mlflow/runs/get", { query: { run_id: run.run_id }, signal });
    const root = (whole.info.artifact_uri ?? "").replace(/\/$/, "");
    if (root && source.startsWith(`${root}/`)) {
      return within(artifactsOfRun(run.run_id), source.slice(root.length + 1).replace(/\/$/, ""));
    }
    const inRun = new RegExp(`^runs:/${run.run_id}/(.+)$`).exec(source)?.[1];
    if (inRun) return within(artifactsOfRun(run.run_id), inRun.replace(/\/$/, ""));
  }
  return logged_model ? artifactsOfLoggedModel(logged_model.model_id) : null;
}

export interface Measures {
  metrics: Record<string, string>;
  params: Record<string, string>;
}

/** Metrics and params of the logged model that a version was made of, and of the run. */
export async function loadMeasures(lineage: Lineage, signal: AbortSignal): Promise<Measures> {
  const measures: Measures = { metrics: {}, params: {} };
  if (lineage.run) {
    const { run } = await api.get("/api/2.0/mlflow/runs/get", { query: { run_id: lineage.run.run_id }, signal });
    for (const { key, value } of run.data.metrics ?? []) measures.metrics[key] = String(value);
    for (const { key, value } of run.data.params ?? []) measures.params[key] = value;
  }
  if (lineage.logged_model) {
    const path = { model_id: lineage.logged_model.model_id };
    const { model } = await api.get("/api/2.0/mlflow/logged-models/{model_id}", { path, signal });
    for (const { key, value } of model.data.metrics ?? []) measures.metrics[key] = String(value);
    for (const { key, value } of model.data.params ?? []) measures.params[key] = value;
  }
  return measures;
}
