/** Which names a regular expression finds. */

export type Found = { readonly names: string[] } | { readonly error: string };

/** In any case, anywhere in the name.  Pure. */
export function matching(names: readonly string[], pattern: string): Found {
  try {
    const expression = new RegExp(pattern, "iu");
    return { names: names.filter((name) => expression.test(name)) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

const MOST_MS = 1000;

/** The same, in a worker that is ended when it takes too long: then `tooLong` is the error. */
export function find(names: readonly string[], pattern: string, tooLong: string, signal: AbortSignal): Promise<Found> {
  if (!pattern) return Promise.resolve({ names: [...names] });
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./find.worker.ts", import.meta.url), { type: "module" });
    const end = (found: Found): void => {
      clearTimeout(timer);
      worker.terminate();
      resolve(found);
    };
    const timer = setTimeout(() => end({ error: tooLong }), MOST_MS);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      worker.terminate();
      reject(new DOMException("Aborted", "AbortError"));
    });
    worker.onmessage = (event: MessageEvent<Found>) => end(event.data);
    worker.onerror = (event) => end({ error: event.message });
    worker.postMessage({ names, pattern });
  });
}
