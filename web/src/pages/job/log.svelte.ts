import { api } from "@/api/client";

const MAX_LINES = 20_000;
const AT_ONCE = 5000;

/** The log of a job, read on from where it was read to. */
export class Log {
  lines = $state.raw<readonly string[]>([]);
  #cursor = 0;
  #isBusy = false;
  readonly #job: string;

  constructor(job: string) {
    this.#job = job;
  }

  async read(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      for (;;) {
        const found = await api.get("/api/trackside/v1/jobs/{job_id}/logs", {
          path: { job_id: this.#job },
          query: { cursor: this.#cursor, lines: AT_ONCE },
        });
        this.#cursor = found.cursor;
        if (!found.lines?.length) return;
        this.lines = [...this.lines, ...found.lines].slice(-MAX_LINES);
      }
    } finally {
      this.#isBusy = false;
    }
  }
}
