import { SvelteMap } from "svelte/reactivity";
import { api } from "@/api/client";
import { asFailure } from "@/api/failure";
import { place } from "../workspace";

/** An object of this page's workspace that rights may be given on. */
export interface Thing {
  kind: "experiments" | "models" | "onlineEndpoints";
  id: string;
}

/** Where a right is asked for: on the server as a whole, in the workspace of this page (at one object of it at least), or
 *  at one object. */
export type Where = "server" | "workspace" | Thing;

interface Found {
  actions: ReadonlySet<string>;
  /** Allowed at some objects and not at others. */
  some: ReadonlySet<string>;
}

/** The caller's rights, so that pages hide what the server would refuse.  The server itself checks each request. */
class Rights {
  #found = $state.raw<{ server: Found; workspace: Found }>();
  /** There are no users, or the server did not say: everything is offered. */
  #isAll = $state(false);
  /** By scope; undefined while they are loading. */
  readonly #things = new SvelteMap<string, ReadonlySet<string>>();
  readonly #asked = new Set<string>();
  /** The caller's rights are known, or no user is signed in: elements that depend on rights may be shown. */
  isSettled = $state(false);

  /** Whether the caller's rights are known. */
  get isKnown(): boolean {
    return this.#isAll || this.#found !== undefined;
  }

  /** Whether the caller may do something.  False until the server has said so. */
  may(action: string, where: Where = "workspace"): boolean {
    if (this.#isAll) return true;
    if (!this.#found) return false;
    const { server, workspace } = this.#found;
    if (where === "server") return server.actions.has(action);
    if (where === "workspace" || !workspace.some.has(action)) {
      return workspace.actions.has(action) || workspace.some.has(action);
    }
    const scope = `/ws/${place.workspace}/${where.kind}/${where.id}`;
    void this.#ask(scope);
    return this.#things.get(scope)?.has(action) ?? false;
  }

  /** Whether an action is offered to the caller.  Without an object, a right in the workspace or on the server is enough. */
  offers({ needs, of }: { needs?: string; of?: Thing }): boolean {
    if (needs === undefined) return true;
    return of ? this.may(needs, of) : this.may(needs) || this.may(needs, "server");
  }

  letAll(): void {
    this.isSettled = true;
    this.#isAll = true;
  }

  letNone(): void {
    this.isSettled = true;
    this.#isAll = false;
    this.#found = undefined;
  }

  async load(): Promise<void> {
    try {
      const [server, workspace] = await Promise.all([mine("/"), mine(`/ws/${place.workspace}`)]);
      this.#things.clear();
      this.#asked.clear();
      this.#found = { server, workspace };
      this.#isAll = false;
    } catch (error) {
      const { status } = asFailure(error);
      if (status === 401) this.letNone();
      else this.letAll();
    }
    this.isSettled = true;
  }

  /** Once for each object, and only for callers whose rights differ by object. */
  async #ask(scope: string): Promise<void> {
    if (this.#asked.has(scope)) return;
    this.#asked.add(scope);
    try {
      this.#things.set(scope, (await mine(scope)).actions);
    } catch {
      this.#asked.delete(scope); // the next use loads it again
    }
  }
}

async function mine(scope: string): Promise<Found> {
  const { actions = [], some = [] } = await api.get("/api/trackside/v1/me/actions", { query: { scope }, asks: false });
  return { actions: new Set(actions), some: new Set(some) };
}

export const rights = new Rights();
