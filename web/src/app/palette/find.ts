/** What the palette finds at the server: experiments, models, endpoints, monitors, workspaces, and runs of the experiment
 *  that is shown. */
import { api } from "@/api/client";
import { contains } from "@/api/filter";
import { shortId, shownName } from "@/nouns/run/name";
import { shell } from "@/i18n/shell";
import { href } from "../address";
import { place, workspaceUrl } from "../workspace";

export interface Target {
  link: string;
  label: string;
  hint: string;
  kind: "experiment" | "model" | "run" | "endpoint" | "monitor" | "workspace";
}

const MOST = 5;
const RUN_ID = /^[0-9a-f]{32}$/i;

/** Searches by a part of the name, or by the whole id of a run.  A search that fails finds nothing: the others go on. */
export async function find(text: string, experiment: string | undefined, signal: AbortSignal): Promise<Target[]> {
  const searches = [
    RUN_ID.test(text) ? runById(text.toLowerCase(), signal) : [],
    experiment === undefined ? [] : runs(text, experiment, signal),
    experiments(text, signal),
    models(text, signal),
    endpoints(text, signal),
    monitors(text, signal),
    workspaces(text, signal),
  ];
  const found = await Promise.allSettled(searches);
  return found.flatMap((each) => (each.status === "fulfilled" ? each.value : []));
}

async function runById(run_id: string, signal: AbortSignal): Promise<Target[]> {
  const { run } = await api.get("/api/2.0/mlflow/runs/get", { query: { run_id }, signal });
  const link = href("experiments", run.info.experiment_id, "runs", run_id);
  return [{ link, label: shownName(run.info.run_name, run_id), hint: run_id, kind: "run" }];
}

async function runs(text: string, experiment: string, signal: AbortSignal): Promise<Target[]> {
  const body = { experiment_ids: [experiment], filter: contains("run_name", text), columns: [], max_results: MOST };
  const answer = await api.post("/api/trackside/v1/runs/table", { body, signal });
  const { run_id = [], run_name = [] } = answer.runs;
  return run_id.map((id, at) => ({
    link: href("experiments", experiment, "runs", id),
    label: shownName(run_name[at], id),
    hint: shortId(id),
    kind: "run",
  }));
}

async function experiments(text: string, signal: AbortSignal): Promise<Target[]> {
  const body = { filter: contains("name", text), max_results: MOST };
  const { experiments = [] } = await api.post("/api/2.0/mlflow/experiments/search", { body, signal });
  return experiments.map(({ experiment_id, name }) => ({
    link: href("experiments", experiment_id),
    label: name,
    hint: experiment_id,
    kind: "experiment",
  }));
}

async function models(text: string, signal: AbortSignal): Promise<Target[]> {
  const query = { filter: contains("name", text), max_results: MOST };
  const { registered_models = [] } = await api.get("/api/2.0/mlflow/registered-models/search", { query, signal });
  return registered_models.map(({ name }) => ({ link: href("models", name), label: name, hint: "", kind: "model" }));
}

async function endpoints(text: string, signal: AbortSignal): Promise<Target[]> {
  const { endpoints: all } = await api.get("/api/trackside/v1/endpoints", { signal, asks: false });
  return named(all, text).map((name) => ({
    link: href("endpoints", name),
    label: name,
    hint: shell.t.endpoint,
    kind: "endpoint",
  }));
}

async function monitors(text: string, signal: AbortSignal): Promise<Target[]> {
  const { monitors: all = [] } = await api.get("/api/trackside/v1/drift-monitors", { signal, asks: false });
  return named(all, text).map((name) => ({
    link: href("drift", name),
    label: name,
    hint: shell.t.monitor,
    kind: "monitor",
  }));
}

async function workspaces(text: string, signal: AbortSignal): Promise<Target[]> {
  const { workspaces = [] } = await api.get("/api/trackside/v1/workspaces", { signal });
  const others = workspaces.filter((each) => each.name !== place.workspace);
  return named(others, text).map((name) => ({
    link: workspaceUrl(name),
    label: name,
    hint: shell.t.workspace,
    kind: "workspace",
  }));
}

/** Lists that the server answers as a whole. */
function named(all: readonly { name: string }[], text: string): string[] {
  const wanted = text.toLowerCase();
  return all
    .map((each) => each.name)
    .filter((name) => name.toLowerCase().includes(wanted))
    .slice(0, MOST);
}
