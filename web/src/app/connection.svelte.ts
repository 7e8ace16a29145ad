import { apiUrl } from "./workspace";

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 15_000;

/** Whether the server can be reached.  A call without an answer reports a failure; then /health is polled until it answers. */
class Connection {
  lostAt = $state.raw<Date | null>(null);
  readonly isLost = $derived(this.lostAt !== null);
  /** Grows with each recovery; an effect that reads it loads again. */
  recoveries = $state(0);
  #timer: ReturnType<typeof setTimeout> | undefined;

  lose(): void {
    if (this.lostAt) return;
    this.lostAt = new Date();
    this.#probeAfter(FIRST_PAUSE_MS);
  }

  retryNow(): void {
    clearTimeout(this.#timer);
    void this.#probe(FIRST_PAUSE_MS);
  }

  #probeAfter(pauseMs: number): void {
    this.#timer = setTimeout(() => void this.#probe(pauseMs), pauseMs);
  }

  async #probe(pauseMs: number): Promise<void> {
    const isBack = await fetch(apiUrl("health"), { cache: "no-store", signal: AbortSignal.timeout(LONGEST_PAUSE_MS) })
      .then((answer) => answer.ok)
      .catch(() => false);
    if (!isBack) {
      this.#probeAfter(Math.min(pauseMs * 2, LONGEST_PAUSE_MS));
      return;
    }
    this.lostAt = null;
    this.recoveries += 1;
  }
}

export const connection = new Connection();
