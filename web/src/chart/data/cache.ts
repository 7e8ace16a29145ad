/** Keeps what was loaded last, up to a number of bytes.  Pure. */

export class Cache<T> {
  #bytes = 0;
  readonly #entries = new Map<string, { value: T; bytes: number }>();
  readonly #most: number;
  readonly #sizeOf: (value: T) => number;

  constructor(mostBytes: number, sizeOf: (value: T) => number) {
    this.#most = mostBytes;
    this.#sizeOf = sizeOf;
  }

  get(key: string): T | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry); // now it is the one used last
    return entry.value;
  }

  set(key: string, value: T): void {
    this.delete(key);
    const bytes = this.#sizeOf(value);
    if (bytes > this.#most) return;
    this.#entries.set(key, { value, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#most) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0;
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }

  get size(): number {
    return this.#entries.size;
  }
}
