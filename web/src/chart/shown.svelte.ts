import { router } from "@/app/router.svelte";
import { readList } from "./list";
import { assign } from "./scene/slots";

/** So many of the first runs are drawn until somebody chooses. */
const FIRST_SHOWN = 10;

/** The slots that runs of a place had, for as long as the page of the browser lives: table and charts share them. */
const keptOf = new Map<string, ReadonlyMap<string, number>>();

/** Which runs the charts of a page draw, and in which colours.  The choice is in the address, under `runs`. */
export class ShownRuns {
  readonly #place: string;
  readonly #listed: () => readonly string[];

  /** `place`: pages with the same one share the colours; `listed`: the ids of the page's runs, in their order. */
  constructor(place: string, listed: () => readonly string[]) {
    this.#place = place;
    this.#listed = listed;
  }

  readonly chosen = $derived(readList(router.query.get("runs")));
  readonly #asText = $derived.by(() => JSON.stringify(this.chosen ?? this.#listed().slice(0, FIRST_SHOWN)));
  /** Stays the same object while the ids are the same. */
  readonly ids = $derived(JSON.parse(this.#asText) as readonly string[]);
  /** By run. */
  readonly slots: ReadonlyMap<string, number> = $derived.by(() => {
    const kept = keptOf.get(this.#place) ?? new Map<string, number>();
    const now = assign(this.ids, kept);
    keptOf.set(this.#place, new Map([...kept, ...now]));
    return now;
  });

  toggle(runId: string): void {
    this.choose(this.ids.includes(runId) ? this.ids.filter((id) => id !== runId) : [...this.ids, runId]);
  }

  choose(runIds: readonly string[]): void {
    router.setQuery({ runs: JSON.stringify(runIds) }, { replace: true });
  }
}
