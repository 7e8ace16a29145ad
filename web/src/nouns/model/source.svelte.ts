import { api } from "@/api/client";
import { lazy, resource } from "@/api/loader.svelte";
import type { components } from "@/api/schema";
import { fromUri, loggedModel, type Registered } from "./register";

export type Origin = "logged" | "uri" | "none";
type Logged = components["schemas"]["trackside.logged_models.model.LoggedModel"]["info"];

const EXPERIMENTS = 200;
const MODELS = 100;

/** The source of a new version in a dialog: a logged model, a URI, or no version yet. */
export class VersionSource {
  origin = $state<Origin>("logged");
  uri = $state("");
  /** Empty: all that are listed. */
  #experiment = $state("");
  #model = $state("");

  /** The experiments with the latest runs. */
  readonly experiments = resource(async (signal) => {
    const body = { max_results: EXPERIMENTS, order_by: ["last_run_time DESC"] };
    const answer = await api.post("/api/2.0/mlflow/experiments/search", { body, signal });
    return { listed: answer.experiments ?? [], isWhole: !answer.next_page_token };
  });

  /** The newest logged models of the experiment. */
  readonly models = lazy(async (signal): Promise<Logged[] | undefined> => {
    const all = (this.experiments.data?.listed ?? []).map((each) => each.experiment_id);
    const experiment_ids = this.#experiment ? [this.#experiment] : all;
    if (!experiment_ids.length) return undefined;
    const order_by = [{ field_name: "creation_timestamp", ascending: false }];
    const body = { experiment_ids, max_results: MODELS, order_by };
    const { models = [] } = await api.post("/api/2.0/mlflow/logged-models/search", { body, signal });
    return models.map(({ info }) => info);
  });

  get experiment(): string {
    return this.#experiment;
  }

  set experiment(id: string) {
    this.#experiment = id;
    this.#model = "";
    this.models.data = undefined;
  }

  /** The name of a model's experiment. */
  experimentOf(model: Logged): string {
    return this.experiments.data?.listed.find((each) => each.experiment_id === model.experiment_id)?.name ?? "";
  }

  get model(): Logged | undefined {
    return this.models.data?.find((each) => each.model_id === this.#model) ?? this.models.data?.[0];
  }

  choose(modelId: string): void {
    this.#model = modelId;
  }

  /** Null: no version; undefined: the choice is not complete. */
  get from(): Registered | null | undefined {
    if (this.origin === "none") return null;
    if (this.origin === "uri") return this.uri.trim() ? fromUri(this.uri.trim()) : undefined;
    return this.model && loggedModel(this.model.model_id, this.model.source_run_id || undefined);
  }

  /** The name that is offered for the registered model. */
  get suggested(): string {
    return this.origin === "logged" ? (this.model?.name ?? "") : "";
  }
}
