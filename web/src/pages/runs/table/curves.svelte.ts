import { fetchSeries } from "@/chart/data/source";
import { isAbort } from "@/api/failure";

const BUCKETS = 40;
const AT_ONCE = 200;
const MOST_KEPT = 5000;
const PAUSE_MS = 80;

/** The points of a small curve, by step. */
export interface Curve {
  x: Float64Array;
  y: Float64Array;
}

/** Curves of metrics for rows in sight.  Those that come to sight together are asked for in one call. */
export class Curves {
  #kept = $state.raw<ReadonlyMap<string, Curve>>(new Map());
  #wanted = new Map<string, Set<string>>();
  #asked = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #abort = new AbortController();

  /** undefined: not here yet. */
  get(runId: string, key: string): Curve | undefined {
    return this.#kept.get(`${runId} ${key}`);
  }

  /** Says that a curve is in sight. */
  need(runId: string, key: string): void {
    const name = `${runId} ${key}`;
    if (this.#asked.has(name)) return;
    this.#asked.add(name);
    const runs = this.#wanted.get(key) ?? new Set();
    this.#wanted.set(key, runs.add(runId));
    this.#timer ??= setTimeout(() => void this.#load(), PAUSE_MS);
  }

  /** Runs have logged: their curves are asked for again, and the old ones stay until then. */
  refresh(runIds: readonly string[]): void {
    const changed = new Set(runIds);
    for (const name of [...this.#asked]) {
      const [runId = "", key = ""] = [name.slice(0, name.indexOf(" ")), name.slice(name.indexOf(" ") + 1)];
      if (!changed.has(runId)) continue;
      this.#asked.delete(name);
      this.need(runId, key);
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#abort.abort();
  }

  async #load(): Promise<void> {
    this.#timer = undefined;
    const wanted = [...this.#wanted];
    this.#wanted = new Map();
    for (const [key, runs] of wanted) {
      const all = [...runs];
      for (let at = 0; at < all.length; at += AT_ONCE) await this.#ask(key, all.slice(at, at + AT_ONCE));
    }
  }

  async #ask(key: string, runIds: readonly string[]): Promise<void> {
    const call = { runIds, key, x: { kind: "step" }, range: null, buckets: BUCKETS, exact: false } as const;
    try {
      const { series } = await fetchSeries(call, this.#abort.signal);
      const found = series.map(({ runId, x, last }): [string, Curve] => [`${runId} ${key}`, { x, y: last }]);
      const kept = [...this.#kept, ...found];
      this.#kept = new Map(kept.slice(-MOST_KEPT));
      if (kept.length > MOST_KEPT) this.#asked = new Set(this.#kept.keys());
    } catch (error) {
      // A cell without a curve still has its value; it is asked for when it comes to sight again.
      if (!isAbort(error)) for (const runId of runIds) this.#asked.delete(`${runId} ${key}`);
    }
  }
}
