import { router } from "@/app/router.svelte";
import { MOST_PINS, readColours, readPins, withColour, writeColours, writePins } from "@/nouns/experiment/marks";
import { recallMarks, rememberMarks } from "@/nouns/experiment/remembered";
import { readList } from "./list";
import { assign } from "./scene/slots";
import { toasts } from "@/ui/toast/toasts.svelte";
import { strings } from "./strings";

/** The number of runs that are drawn before the user chooses any. */
const FIRST_SHOWN = 10;

/** The slots that runs of a place had, for as long as the page of the browser lives: table and charts share them. */
const keptOf = new Map<string, ReadonlyMap<string, number>>();

/** Which runs the charts of a page draw, and in which colours.  The choices are in the address, under `runs`, `pins` and
 *  `colours`. */
export class ShownRuns {
  readonly #experiments: readonly string[];
  readonly #place: string;
  readonly #listed: () => readonly string[];

  /** Pages of the same experiments share the colours; `listed`: the ids of the page's runs, in their order. */
  constructor(experiments: readonly string[], listed: () => readonly string[]) {
    this.#experiments = experiments;
    this.#place = JSON.stringify(experiments);
    this.#listed = listed;
  }

  readonly chosen = $derived(readList(router.query.get("runs")));
  readonly pins = $derived(readPins(router.query));
  readonly colours = $derived(readColours(router.query));
  /** Pinned runs are among the first ones, too. */
  readonly #asText = $derived.by(() =>
    JSON.stringify(this.chosen ?? [...new Set([...this.pins, ...this.#listed().slice(0, FIRST_SHOWN)])]),
  );
  /** Stays the same object while the ids are the same. */
  readonly ids = $derived(JSON.parse(this.#asText) as readonly string[]);
  /** By run. */
  readonly slots: ReadonlyMap<string, number> = $derived.by(() => {
    const kept = keptOf.get(this.#place) ?? new Map<string, number>();
    const now = assign(this.ids, kept, this.colours);
    // Without the chosen ones: a choice that is taken back leaves the run the colour that it had.
    keptOf.set(this.#place, new Map([...kept, ...[...now].filter(([id]) => !this.colours.has(id))]));
    return now;
  });

  /** Shows the pins and colours that were last chosen here, unless the address has a view.  Returns whether it did. */
  restore(): boolean {
    const marks = recallMarks(this.#experiments, router.query);
    if (marks) router.setQuery({ ...marks }, { replace: true });
    return marks !== undefined;
  }

  /** The pins and colours of the address are the user's choice. */
  remember(): void {
    rememberMarks(this.#experiments, router.query);
  }

  toggle(runId: string): void {
    this.choose(this.ids.includes(runId) ? this.ids.filter((id) => id !== runId) : [...this.ids, runId]);
  }

  choose(runIds: readonly string[]): void {
    router.setQuery({ runs: JSON.stringify(runIds) }, { replace: true });
  }

  /** Pinned runs are drawn, too. */
  pin(runIds: readonly string[]): void {
    const pins = [...new Set([...this.pins, ...runIds])];
    if (pins.length > MOST_PINS) return toasts.failed(strings.t.manyPins(MOST_PINS));
    const shown = this.chosen && JSON.stringify([...new Set([...this.chosen, ...runIds])]);
    router.setQuery({ pins: writePins(pins), runs: shown });
    this.remember();
  }

  unpin(runIds: readonly string[]): void {
    router.setQuery({ pins: writePins(this.pins.filter((id) => !runIds.includes(id))) });
    this.remember();
  }

  /** null: the colour that is free. */
  colour(runIds: readonly string[], slot: number | null): void {
    router.setQuery({ colours: writeColours(withColour(this.colours, runIds, slot)) });
    this.remember();
  }
}
