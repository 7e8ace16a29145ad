import { asFailure, type Failure } from "./failure";
import { resource, type Loader } from "./loader.svelte";

interface Part<T> {
  rows: readonly T[];
  /** The token of the next page; undefined on the last page. */
  next: string | undefined;
}

/** A list in pages: the first one as a resource, the others on demand. */
export class Paged<T> {
  readonly first: Loader<Part<T>>;
  #load: (token: string, signal?: AbortSignal) => Promise<Part<T>>;
  #more = $state.raw<Part<T> & { of: Part<T> }>();
  failure = $state.raw<Failure | undefined>();
  isLoading = $state(false);

  constructor(load: (token: string, signal?: AbortSignal) => Promise<Part<T>>) {
    this.#load = load;
    this.first = resource((signal) => load("", signal));
  }

  /** Undefined until the first page is here. */
  get rows(): readonly T[] | undefined {
    const first = this.first.data;
    return first && this.#more?.of === first ? [...first.rows, ...this.#more.rows] : first?.rows;
  }

  get next(): string | undefined {
    const first = this.first.data;
    return first && this.#more?.of === first ? this.#more.next : first?.next;
  }

  readonly more = async (): Promise<void> => {
    const first = this.first.data;
    const { next } = this;
    if (!first || next === undefined || this.isLoading) return;
    this.isLoading = true;
    this.failure = undefined;
    try {
      const part = await this.#load(next);
      const before = this.#more?.of === first ? this.#more.rows : [];
      if (this.first.data === first) this.#more = { of: first, rows: [...before, ...part.rows], next: part.next };
    } catch (error) {
      this.failure = asFailure(error);
    } finally {
      this.isLoading = false;
    }
  };
}
