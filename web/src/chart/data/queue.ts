/** Lets few requests run at once; of those that wait, the one that is looked at starts first.  Pure but for promises. */

interface Waiting {
  readonly rank: () => number;
  readonly start: () => void;
  readonly signal: AbortSignal;
}

export class Queue {
  #running = 0;
  #waiting: Waiting[] = [];
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  /** Runs `task` when a slot is free.  `rank` is evaluated then, and the lowest starts first.  Aborted tasks never start. */
  run<T>(task: () => Promise<T>, rank: () => number, signal: AbortSignal): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const abort = (): void => {
        this.#waiting = this.#waiting.filter((each) => each !== entry);
        reject(new DOMException("Aborted", "AbortError"));
      };
      const entry: Waiting = {
        rank,
        signal,
        start: () => {
          signal.removeEventListener("abort", abort);
          this.#running++;
          task()
            .then(resolve, reject)
            .finally(() => {
              this.#running--;
              this.#next();
            });
        },
      };
      if (signal.aborted) {
        abort();
        return;
      }
      signal.addEventListener("abort", abort, { once: true });
      this.#waiting.push(entry);
      this.#next();
    });
  }

  #next(): void {
    while (this.#running < this.#most && this.#waiting.length) {
      let first: Waiting | undefined;
      let lowest = Number.POSITIVE_INFINITY;
      for (const each of this.#waiting) {
        const rank = each.rank();
        if (first === undefined || rank < lowest) [first, lowest] = [each, rank];
      }
      this.#waiting = this.#waiting.filter((each) => each !== first);
      first?.start();
    }
  }
}
