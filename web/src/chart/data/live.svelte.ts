import { asFailure, isAbort } from "@/api/failure";
import { send } from "@/api/client";
import { apiUrl } from "@/app/workspace";

const WAIT_S = 25;
/** Charts load again this often at most while runs log. */
const PAUSE_MS = 2000;
const RETRY_MS = 5000;
/** More ids than these do not go into an address: then every change of the workspace is looked through here. */
const MOST_IDS = 40;

interface Answer {
  cursor: number;
  reset: boolean;
  changes: { entity: string; entity_id: string }[];
}

/** Waits for runs to log more.  `version` grows when one of them did.  A hidden page requests nothing. */
export class LiveRuns {
  version = $state(0);
  #abort: AbortController | undefined;

  /** In a component: watches the runs while it is shown. */
  watch(runIds: () => readonly string[]): void {
    $effect(() => {
      const ids = runIds();
      if (ids.length === 0) return;
      const start = (): void => {
        this.#abort?.abort();
        if (document.hidden) return;
        this.#abort = new AbortController();
        void this.#loop(ids, this.#abort.signal);
      };
      start();
      document.addEventListener("visibilitychange", start);
      return () => {
        document.removeEventListener("visibilitychange", start);
        this.#abort?.abort();
      };
    });
  }

  async #loop(ids: readonly string[], signal: AbortSignal): Promise<void> {
    const watched = new Set(ids);
    let cursor: number | undefined;
    while (!signal.aborted) {
      try {
        const answer = await this.#ask(ids, cursor, signal);
        const hasMore = answer.changes.some((each) => each.entity === "run" && watched.has(each.entity_id));
        if (cursor !== undefined && (hasMore || answer.reset)) {
          this.version += 1;
          await pause(PAUSE_MS, signal);
        }
        cursor = answer.cursor;
      } catch (error) {
        if (isAbort(error) || signal.aborted) return;
        if (asFailure(error).isMissing) return; // a server without this call
        await pause(RETRY_MS, signal);
      }
    }
  }

  async #ask(ids: readonly string[], cursor: number | undefined, signal: AbortSignal): Promise<Answer> {
    const url = apiUrl("api/trackside/v1/live");
    if (cursor !== undefined) url.searchParams.set("after", String(cursor));
    url.searchParams.set("wait_s", cursor === undefined ? "0" : String(WAIT_S));
    if (ids.length <= MOST_IDS) for (const id of ids) url.searchParams.append("run_id", id);
    return (await (await send(url, { signal })).json()) as Answer;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((end) => {
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      end();
    });
  });
}
