import { api } from "@/api/client";
import { asFailure } from "@/api/failure";
import { href, withQuery } from "@/app/address";
import { router } from "@/app/router.svelte";
import { toasts } from "@/ui/toast/toasts.svelte";
import type { RunsState } from "./state.svelte";
import { hasView } from "@/nouns/experiment/marks";
import { fromQuery, toQuery } from "./view";
import { strings } from "./strings";

export interface SavedView {
  view_id: string;
  name: string;
  is_default: boolean;
  version: number;
  /** As the address says it. */
  query: string;
  /** The experiments of the table if it has several. */
  experiments?: string[];
}

/** The views that people saved for an experiment, or for several together: the first of those keeps such a view, and each
 *  lists it.  `?v=ID` shows one; a page without any choice shows the default one of its experiment, or of its experiments. */
export class Views {
  /** Those of the page's table. */
  all = $state.raw<SavedView[]>([]);
  /** Those of tables that show its experiment together with others. */
  together = $state.raw<SavedView[]>([]);
  isLoaded = $state(false);
  readonly #page: RunsState;
  /** The address had no view, and got the marks that the browser kept. */
  #isRestored = false;

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

  restore(): void {
    this.#isRestored = this.#page.plotted.shown.restore();
  }

  /** The experiment that keeps the views of the table. */
  get keeper(): string | undefined {
    return inOrder(this.#page.experimentIds)[0];
  }

  async load(signal?: AbortSignal): Promise<void> {
    const experiment_id = this.keeper;
    if (experiment_id === undefined) return;
    const path = { experiment_id };
    const { views = [] } = await api.get("/api/trackside/v1/experiments/{experiment_id}/views", { path, signal });
    const found = views.map(savedView);
    const several = (view: SavedView): string => inOrder(view.experiments ?? []).join();
    const here = this.#page.only === undefined ? inOrder(this.#page.experimentIds).join() : "";
    this.all = found.filter((view) => several(view) === here);
    this.together = this.#page.only === undefined ? [] : found.filter((view) => view.experiments);
    this.isLoaded = true;
    const chosen = router.query.get("v");
    const wanted = chosen === null ? this.all.find((each) => each.is_default) : this.current;
    const { pins, colours, ...rest } = toQuery(this.#page.view);
    const isRestored = this.#isRestored;
    this.#isRestored = false;
    if (!wanted) return;
    // The marks that the browser kept are later than the view.
    if (isRestored && Object.values(rest).every((part) => part === null))
      router.setQuery({ ...queryOf(wanted), pins, colours }, { replace: true });
    else if (!hasView(router.query)) router.setQuery(queryOf(wanted), { replace: true });
  }

  show(view: SavedView | null): void {
    router.setQuery(queryOf(view));
    this.#page.plotted.shown.remember();
  }

  async save(name: string): Promise<void> {
    const path = { experiment_id: this.keeper ?? "" };
    const body = { name, state: { query: queryText(toQuery(this.#page.view)) }, ...this.#together };
    await this.#change(async () => {
      const { view } = await api.post("/api/trackside/v1/experiments/{experiment_id}/views", { path, body });
      await this.load();
      router.setQuery({ v: view.view_id }, { replace: true });
      toasts.done(strings.t.viewSaved(name));
    });
  }

  /** The present choice becomes that of the view. */
  async update(view: SavedView): Promise<void> {
    const now = queryText(toQuery(this.#page.view));
    await this.#patch(view, { state: { query: now } }, strings.t.viewSaved(view.name), {
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

  get #together(): { experiment_ids?: string[] } {
    return this.#page.only === undefined ? { experiment_ids: inOrder(this.#page.experimentIds) } : {};
  }

  async #restore(view: SavedView): Promise<void> {
    const path = { experiment_id: this.keeper ?? "" };
    const body = { name: view.name, state: { query: view.query }, is_default: view.is_default, ...this.#together };
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
  state?: Record<string, unknown>;
  is_default?: boolean;
}

interface Answered extends Omit<SavedView, "query" | "experiments"> {
  state: unknown;
  experiment_ids?: string[];
}

/** Of the states that other programs saved, what is not understood is left out. */
function savedView({ view_id, name, is_default, version, state, experiment_ids = [] }: Answered): SavedView {
  const { query } = state as { query?: unknown };
  return {
    view_id,
    name,
    is_default,
    version,
    query: typeof query === "string" ? query : "",
    ...(experiment_ids.length ? { experiments: experiment_ids } : {}),
  };
}

/** The page of several experiments that a view was saved on. */
export function linkOf(view: SavedView): string {
  return withQuery(href("runs"), { experiments: JSON.stringify(view.experiments), ...queryOf(view) });
}

/** Numbers from the least: the same for the same experiments. */
function inOrder(experimentIds: readonly string[]): string[] {
  return [...new Set(experimentIds)].sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
}

/** The whole query of a view; null: of the table without one. */
function queryOf(view: SavedView | null): Record<string, string | null> {
  return { ...toQuery(fromQuery(new URLSearchParams(view?.query ?? ""))), v: view?.view_id ?? null };
}

function queryText(query: Record<string, string | null>): string {
  const all = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== null) all.set(name, value);
  return all.toString();
}
