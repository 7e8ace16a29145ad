/** One side of a comparison of versions. */
import { api } from "@/api/client";
import { formatBytes } from "@/i18n/format";
import type { Values } from "@/nouns/model/changes";
import { loadLineage, loadMeasures, loadMlModel, type Lineage } from "@/nouns/model/load";
import type { Column, MlModel } from "@/nouns/model/mlmodel";
import { ownTags, promptOf, textOf, versionsOf } from "@/nouns/prompt/prompt";
import { strings } from "./strings";

export const PARTS = ["about", "metrics", "params", "signature", "tags"] as const;
export const TEXTS = ["prompt", "responseFormat", "modelConfig"] as const;

export interface Side extends Record<(typeof PARTS)[number], Values> {
  /** Of a version of a prompt alone. */
  texts?: Record<(typeof TEXTS)[number], string>;
}

const LISTED = 200;

/** The numbers of the newest versions, newest first. */
export async function loadVersions(name: string, signal: AbortSignal): Promise<string[]> {
  const { registered_model: model } = await api.get("/api/2.0/mlflow/registered-models/get", {
    query: { name },
    signal,
  });
  const filter = versionsOf(name, promptOf(model.tags ?? []) !== undefined);
  const query = { filter, max_results: LISTED, order_by: ["version_number DESC"] };
  const { model_versions: found = [] } = await api.get("/api/2.0/mlflow/model-versions/search", { query, signal });
  return found.map((each) => each.version);
}

export async function loadSide(name: string, version: string, signal: AbortSignal): Promise<Side> {
  const lineage = await loadLineage(name, version, signal);
  const { tags = [] } = lineage.model_version;
  const prompt = promptOf(tags);
  if (prompt) {
    return {
      about: aboutOf(lineage, strings.t.commitMessage, { [strings.t.variables]: prompt.variables.join(", ") }),
      metrics: {},
      params: {},
      signature: {},
      tags: valuesOf(ownTags(tags)),
      texts: { prompt: textOf(prompt), responseFormat: prompt.responseFormat, modelConfig: prompt.modelConfig },
    };
  }
  const [measures, file] = await Promise.all([loadMeasures(lineage, signal), loadMlModel(name, version, signal)]);
  const model = typeof file === "object" ? file : undefined;
  const { current_stage, run_id } = lineage.model_version;
  return {
    about: aboutOf(lineage, strings.t.description, {
      [strings.t.stage]: current_stage,
      [strings.t.run]: run_id,
      ...fileOf(model),
    }),
    ...measures,
    signature: signatureOf(model),
    tags: valuesOf(tags),
  };
}

function aboutOf({ model_version: { aliases = [], description = "" } }: Lineage, note: string, more: Values): Values {
  const shown = aliases.map((alias) => `@${alias}`).join(" ");
  return { [strings.t.aliases]: shown, [note]: description, ...more };
}

function fileOf(model: MlModel | undefined): Values {
  if (!model) return {};
  return {
    [strings.t.flavors]: model.flavors.join(" "),
    [strings.t.mlflow]: model.mlflowVersion,
    ...(model.sizeBytes === undefined ? {} : { [strings.t.size]: formatBytes(model.sizeBytes) }),
  };
}

function signatureOf(model: MlModel | undefined): Values {
  const found: Record<string, string> = {};
  const add = (kind: string, columns: readonly Column[]): void => {
    for (const [index, column] of columns.entries()) found[`${kind} ${column.name || index}`] = column.type;
  };
  add("→", model?.signature?.inputs ?? []);
  add("←", model?.signature?.outputs ?? []);
  add("·", model?.signature?.params ?? []);
  return found;
}

function valuesOf(tags: readonly { key: string; value: string }[]): Values {
  return Object.fromEntries(tags.map(({ key, value }) => [key, value]));
}
