import { untrack } from "svelte";
import { connection } from "@/app/connection.svelte";
import { session } from "@/app/session/session.svelte";
import { asFailure, isAbort, type Failure } from "./failure";

/** What a page loads: data, or why there is none.  Old data stays while new data is on its way,
 *  unless the server says that there is none. */
export class Loader<T> {
  data = $state.raw<T | undefined>();
  failure = $state.raw<Failure | undefined>();
  isLoading = $state(false);
  #load: (signal: AbortSignal) => Promise<T>;
  #abort: AbortController | undefined;

  constructor(load: (signal: AbortSignal) => Promise<T>) {
    this.#load = load;
  }

  /** Loads, and drops what an earlier load still brings. */
  readonly run = (): void => {
    this.stop();
    const abort = new AbortController();
    this.#abort = abort;
    const coming = this.#load(abort.signal);
    untrack(() => (this.isLoading = true));
    coming.then(
      (data) => {
        if (abort.signal.aborted) return;
        this.data = data;
        this.failure = undefined;
        this.isLoading = false;
      },
      (error: unknown) => {
        if (abort.signal.aborted || isAbort(error)) return;
        this.failure = asFailure(error);
        if (this.failure.isMissing) this.data = undefined; // of another address, or of a deleted object
        this.isLoading = false;
      },
    );
  };

  stop(): void {
    this.#abort?.abort();
  }

  /** Changes the shown data at once, before the server answers. */
  edit(change: (data: T) => T): void {
    if (this.data !== undefined) this.data = change(this.data);
  }
}

/** In a component: loads now, again when something changes that `load` reads before its first await, when the server is
 *  back after it was lost, and when another user signs in.  Answers omit empty lists, so a list needs `?? []`. */
export function resource<T extends NonNullable<unknown> | null>(load: (signal: AbortSignal) => Promise<T>): Loader<T> {
  return loading(load);
}

/** As `resource`; `load` returns undefined while there is nothing to load. */
export function lazy<T>(load: (signal: AbortSignal) => Promise<T | undefined>): Loader<T | undefined> {
  return loading(load);
}

function loading<T>(load: (signal: AbortSignal) => Promise<T>): Loader<T> {
  const loader = new Loader(load);
  $effect(() => {
    void connection.recoveries;
    void session.turns;
    loader.run();
    return () => loader.stop();
  });
  return loader;
}
