import { api } from "@/api/client";
import { asFailure } from "@/api/failure";
import { place } from "../place";

/** Where a right is asked for: on the server as a whole, or in the workspace of this page. */
export type Where = "server" | "workspace";

/** What the caller may do, so that pages leave out what the server would refuse.  The server decides each call by itself. */
class Rights {
  #found = $state.raw<Record<Where, ReadonlySet<string>>>();
  /** There are no users, or the server did not say: everything is offered. */
  #isAll = $state(false);

  /** Whether the server has said what the caller may do. */
  get isKnown(): boolean {
    return this.#isAll || this.#found !== undefined;
  }

  /** Whether the caller may do something, in a workspace to at least one object. */
  may(action: string, where: Where = "workspace"): boolean {
    return this.#isAll || (this.#found?.[where].has(action) ?? false);
  }

  /** Whether an action is offered to the caller: a right in the workspace or on the server is enough. */
  offers({ needs }: { needs?: string }): boolean {
    return needs === undefined || this.may(needs) || this.may(needs, "server");
  }

  letAll(): void {
    this.#isAll = true;
  }

  letNone(): void {
    this.#isAll = false;
    this.#found = undefined;
  }

  async load(): Promise<void> {
    try {
      const [server, workspace] = await Promise.all([mine("/"), mine(`/ws/${place.workspace}`)]);
      this.#found = { server, workspace };
      this.#isAll = false;
    } catch (error) {
      const { status } = asFailure(error);
      if (status === 401) this.letNone();
      else this.letAll();
    }
  }
}

async function mine(scope: string): Promise<ReadonlySet<string>> {
  const { actions = [], some = [] } = await api.get("/api/trackside/v1/me/actions", { query: { scope }, asks: false });
  return new Set([...actions, ...some]);
}

export const rights = new Rights();
