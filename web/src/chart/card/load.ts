/** Series for cards: few requests at once, those in sight first, and what was loaded lately without one. */
import { Cache } from "../data/cache";
import { Queue } from "../data/queue";
import { fetchSeries, type SeriesAnswer, type SeriesCall } from "../data/source";

const queue = new Queue(4);
const CACHE_BYTES = 64 * 1024 * 1024;
const cache = new Cache<SeriesAnswer>(CACHE_BYTES, ({ series }) =>
  series.reduce((sum, { x, last, min }) => sum + 8 * x.length * (min === last ? 3 : 5), 0),
);

export interface Loaded extends SeriesAnswer {
  /** The call, as text. */
  readonly call: string;
  /** Grows when the runs have logged since. */
  readonly version: number;
}

/** `call` is a SeriesCall as JSON: equal calls are equal texts. */
export async function loadSeries(
  call: string,
  version: number,
  rank: () => number,
  signal: AbortSignal,
): Promise<Loaded> {
  const name = `${version} ${call}`;
  const known = cache.get(name);
  if (known) return { ...known, call, version };
  const answer = await queue.run(() => fetchSeries(JSON.parse(call) as SeriesCall, signal), rank, signal);
  if (version > 0) cache.delete(`${version - 1} ${call}`);
  cache.set(name, answer);
  return { ...answer, call, version };
}
