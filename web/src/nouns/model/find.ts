/** Registered models and their versions, as forms offer them. */
import { api } from "@/api/client";
import { contains } from "@/api/filter";
import { nameIs, type ModelVersion, type RegisteredModel } from "./model";

const MODELS = 20;
const VERSIONS = 100;

/** Return the models whose names begin with a text: one of that name comes first. */
export async function findModels(text: string, signal: AbortSignal): Promise<RegisteredModel[]> {
  const query = { max_results: MODELS, ...(text ? { filter: beginsWith(text) } : {}) };
  return (await api.get("/api/2.0/mlflow/registered-models/search", { query, signal })).registered_models ?? [];
}

/** Return the newest versions of a model, the newest first. */
export async function findVersions(model: string, signal: AbortSignal): Promise<ModelVersion[]> {
  const query = { filter: nameIs(model), order_by: ["version_number DESC"], max_results: VERSIONS };
  return (await api.get("/api/2.0/mlflow/model-versions/search", { query, signal })).model_versions ?? [];
}

/** `_` stands for a quote, and the second condition refuses what it finds besides. */
function beginsWith(text: string): string {
  return `name ILIKE '${text.replaceAll("'", "_")}%' AND ${contains("name", text)}`;
}
