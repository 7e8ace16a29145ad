import { escape, items, list, unescape } from "./orders";

/** The user's marks of runs in the address of a page: pinned runs and chosen colours.  Pure. */

/** More would leave no room for other rows. */
export const MOST_PINS = 20;

/** The parts of an address that say which runs a table shows, and how. */
export const VIEW_PARTS = ["q", "life", "order", "cols", "group", "flat", "pins", "colours"] as const;

export function hasView(query: URLSearchParams): boolean {
  return VIEW_PARTS.some((name) => query.has(name));
}

export function readPins(query: URLSearchParams): string[] {
  return [...new Set(items(query.get("pins")).map(unescape))].slice(0, MOST_PINS);
}

export function writePins(runIds: readonly string[]): string | null {
  return list(runIds.map(escape));
}

/** The slot of the palette that was chosen for a run, by run: `ID!3`. */
export function readColours(query: URLSearchParams): ReadonlyMap<string, number> {
  return new Map(
    items(query.get("colours")).flatMap((each): [string, number][] => {
      const [id = "", slot = ""] = each.split("!");
      return id && /^1?\d$/.test(slot) ? [[unescape(id), Number(slot)]] : [];
    }),
  );
}

export function writeColours(colours: ReadonlyMap<string, number>): string | null {
  return list([...colours].map(([id, slot]) => `${escape(id)}!${slot}`));
}

/** The colours with another one for some runs; null takes their choice back. */
export function withColour(
  colours: ReadonlyMap<string, number>,
  runIds: readonly string[],
  slot: number | null,
): ReadonlyMap<string, number> {
  const changed = new Map(colours);
  for (const id of runIds) {
    if (slot === null) changed.delete(id);
    else changed.set(id, slot);
  }
  return changed;
}
