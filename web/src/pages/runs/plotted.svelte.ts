import { fetchRuns } from "@/chart/data/runs";
import { ShownRuns } from "@/chart/shownRuns.svelte";
import { RunList } from "./rows/list.svelte";
import type { Outline } from "./rows/outline.svelte";

const MOST_NAMED = 1000;

/** The runs of the table that are drawn: their colours in the table and, beside it, their charts. */
export class Plotted {
  readonly shown: ShownRuns;
  /** Grows when a run that is drawn has logged. */
  version = $state(0);
  readonly #outline: () => Outline | undefined;
  /** Names of chosen runs that no window of the table has. */
  #named = $state.raw<ReadonlyMap<string, string>>(new Map());

  constructor(experimentIds: readonly string[], outline: () => Outline | undefined) {
    this.#outline = outline;
    this.shown = new ShownRuns(experimentIds, () => {
      const root = outline()?.root;
      return root instanceof RunList ? root.loaded().map(([, run]) => run.id) : [];
    });
  }

  readonly #names = $derived.by(() => {
    const names = new Map(this.#named);
    for (const list of this.#outline()?.lists() ?? []) {
      if (list instanceof RunList) for (const [, run] of list.loaded()) names.set(run.id, run.name);
    }
    return names;
  });

  readonly runs = $derived.by(() =>
    this.shown.ids.flatMap((runId) => {
      const name = this.#names.get(runId);
      return name === undefined ? [] : [{ runId, name, slot: this.shown.slots.get(runId) ?? 0 }];
    }),
  );

  /** What `name` must be called for. */
  readonly unknown = $derived.by(() => this.shown.ids.filter((id) => !this.#names.has(id)).slice(0, MOST_NAMED));

  async name(runIds: readonly string[], signal: AbortSignal): Promise<void> {
    const { runs } = await fetchRuns({ run_ids: runIds, lifecycle: "all" }, MOST_NAMED, signal);
    this.#named = new Map([...this.#named, ...runs.map((run): [string, string] => [run.runId, run.name])]);
  }

  /** Some runs have logged. */
  logged(runIds: readonly string[]): void {
    if (runIds.some((id) => this.shown.ids.includes(id))) this.version += 1;
  }
}
