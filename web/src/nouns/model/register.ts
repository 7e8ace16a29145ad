/** What a version is made of, as the call that creates it names it. */
export interface Registered {
  source: string;
  run_id?: string;
  model_id?: string;
}

/** A folder of a run's files. */
export function folderOfRun(runId: string, artifactUri: string, path: string): Registered {
  return { source: path ? `${artifactUri.replace(/\/$/, "")}/${path}` : artifactUri, run_id: runId };
}

/** A logged model, which is found by its id. */
export function loggedModel(modelId: string, runId: string | undefined): Registered {
  return { source: `models:/${modelId}`, model_id: modelId, ...(runId ? { run_id: runId } : {}) };
}

/** One of the models that a run logged. */
export interface Choice {
  label: string;
  /** The name that is offered for the registered model. */
  name: string;
  from: Registered;
}

/** The folders with models that clients of MLflow 1 and 2 logged, as the tag `mlflow.log-model.history` lists them; none where
 *  it cannot be read, since clients may write the tag. */
export function foldersOf(runId: string, artifactUri: string, history: string | undefined): Choice[] {
  try {
    const found: unknown = JSON.parse(history ?? "[]");
    const paths = Array.isArray(found) ? found.flatMap(pathOf) : [];
    return [...new Set(paths)].map((path) => ({ label: path, name: "", from: folderOfRun(runId, artifactUri, path) }));
  } catch {
    return [];
  }
}

function pathOf(each: unknown): string[] {
  if (typeof each !== "object" || each === null || !("artifact_path" in each)) return [];
  return typeof each.artifact_path === "string" && each.artifact_path ? [each.artifact_path] : [];
}

/** What a URI names: `runs:/RUN/PATH`, `models:/m-ID`, or a place of files.  The server refuses what it cannot register. */
export function fromUri(uri: string): Registered {
  const run = /^runs:\/([^/]+)\//.exec(uri)?.[1];
  const model = /^models:\/(m-[^/@]+)$/.exec(uri)?.[1];
  return { source: uri, ...(run ? { run_id: run } : {}), ...(model ? { model_id: model } : {}) };
}

interface Version {
  name: string;
  version: string;
}

/** The versions that were made of a logged model, as its tag `mlflow.modelVersions` lists them; none where it cannot be
 *  read, since clients may write the tag. */
export function versionsOf(tags: readonly { key: string; value: string }[]): Version[] {
  const text = tags.find((tag) => tag.key === "mlflow.modelVersions")?.value;
  try {
    const found: unknown = JSON.parse(text ?? "[]");
    const all = Array.isArray(found) ? found.flatMap(versionOf) : [];
    return [...new Map(all.map((each) => [`${each.name}/${each.version}`, each])).values()];
  } catch {
    return [];
  }
}

function versionOf(each: unknown): Version[] {
  if (typeof each !== "object" || each === null || !("name" in each) || !("version" in each)) return [];
  const { name, version } = each;
  const isGood = typeof name === "string" && (typeof version === "number" || typeof version === "string");
  return isGood ? [{ name, version: String(version) }] : [];
}
