import { api } from "@/api/client";
import { asFailure } from "@/api/failure";
import { router } from "@/app/router.svelte";
import { toasts } from "@/ui/toast/toasts.svelte";
import type { RunsState } from "./state.svelte";
import { fromQuery, hasView, toQuery } from "./view";
import { strings } from "./strings";

export interface SavedView {
  view_id: string;
  name: string;
  is_default: boolean;
  version: number;
  /** As the address says it. */
  query: string;
}

/** The views that people saved for an experiment.  `?v=ID` shows one; a page without any choice shows the default one. */
export class Views {
  all = $state.raw<SavedView[]>([]);
  isLoaded = $state(false);
  readonly #page: RunsState;

  constructor(page: RunsState) {
    this.#page = page;
  }

  get current(): SavedView | undefined {
    return this.all.find((each) => each.view_id === router.query.get("v"));
  }

  /** Does the page show something else than the view that was chosen? */
  get isChanged(): boolean {
    return this.current !== undefined && queryText(toQuery(this.#page.view)) !== this.current.query;
  }

  /** Views are of one experiment: a page of several has none. */
  async load(signal?: AbortSignal): Promise<void> {
    if (this.#page.only === undefined) return;
    const path = { experiment_id: this.#page.only };
    const { views = [] } = await api.get("/api/trackside/v1/experiments/{experiment_id}/views", { path, signal });
    this.all = views.map((view) => ({
      view_id: view.view_id,
      name: view.name,
      is_default: view.is_default,
      version: view.version,
      query: String((view.state as { query?: unknown }).query ?? ""),
    }));
    this.isLoaded = true;
    const chosen = router.query.get("v");
    const wanted = chosen === null ? this.all.find((each) => each.is_default) : this.current;
    if (wanted && !hasView(router.query)) this.show(wanted, true);
  }

  show(view: SavedView | null, replace = false): void {
    const query = toQuery(fromQuery(new URLSearchParams(view?.query ?? "")));
    router.setQuery({ ...query, v: view?.view_id ?? null }, { replace });
  }

  async save(name: string): Promise<void> {
    const path = { experiment_id: this.#page.only ?? "" };
    const body = { name, state: { query: queryText(toQuery(this.#page.view)) } };
    await this.#change(async () => {
      const { view } = await api.post("/api/trackside/v1/experiments/{experiment_id}/views", { path, body });
      await this.load();
      router.setQuery({ v: view.view_id }, { replace: true });
      toasts.done(strings.t.viewSaved(name));
    });
  }

  /** The present choice becomes that of the view. */
  async update(view: SavedView): Promise<void> {
    await this.#patch(view, { state: { query: queryText(toQuery(this.#page.view)) } }, strings.t.viewSaved(view.name), {
      state: { query: view.query },
    });
  }

  async setDefault(view: SavedView, is_default: boolean): Promise<void> {
    const text = is_default ? strings.t.viewDefault(view.name) : strings.t.viewNoDefault(view.name);
    await this.#patch(view, { is_default }, text, { is_default: !is_default });
  }

  async remove(view: SavedView): Promise<void> {
    await this.#change(async () => {
      await api.delete("/api/trackside/v1/views/{view_id}", { path: { view_id: view.view_id } });
      if (router.query.get("v") === view.view_id) router.setQuery({ v: null }, { replace: true });
      await this.load();
      toasts.done(strings.t.viewDeleted(view.name), () => this.#restore(view));
    });
  }

  async #restore(view: SavedView): Promise<void> {
    const path = { experiment_id: this.#page.only ?? "" };
    const body = { name: view.name, state: { query: view.query }, is_default: view.is_default };
    await this.#change(async () => {
      await api.post("/api/trackside/v1/experiments/{experiment_id}/views", { path, body });
      await this.load();
    });
  }

  async #patch(view: SavedView, change: Change, done: string, back: Change): Promise<void> {
    await this.#change(async () => {
      const path = { view_id: view.view_id };
      const body = { version: view.version, ...change };
      const { view: now } = await api.patch("/api/trackside/v1/views/{view_id}", { path, body });
      await this.load();
      toasts.done(done, () =>
        this.#patch({ ...view, version: now.version }, back, strings.t.viewSaved(view.name), change),
      );
    });
  }

  async #change(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      toasts.failed(asFailure(error).message);
      await this.load().catch(() => undefined);
    }
  }
}

interface Change {
  state?: { query: string };
  is_default?: boolean;
}

function queryText(query: Record<string, string | null>): string {
  const all = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== null) all.set(name, value);
  return all.toString();
}
