import { untrack } from "svelte";
import type { Action } from "./action";
import { rights } from "./session/rights.svelte";

/** The actions of the current page, the innermost part last; keys, palette and help read them. */
class Actions {
  #groups = $state.raw<(() => Action[])[]>([]);
  readonly all = $derived(this.#groups.flatMap((group) => group()).filter((each) => rights.offers(each)));

  add(group: () => Action[]): () => void {
    this.#groups = [...this.#groups, group];
    return () => {
      this.#groups = this.#groups.filter((each) => each !== group);
    };
  }
}

export const actions = new Actions();

/** In a component: offers actions while it is shown. */
export function offer(group: () => Action[]): void {
  $effect(() => untrack(() => actions.add(group)));
}
