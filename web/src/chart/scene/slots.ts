/** Which colour and dash a run has.  A slot is a number from 0; the colours are `--run-1` to `--run-20` of the theme.  Pure. */

export const COLOURS = 20;
/** Above so many lines, only the first twenty are coloured. */
export const MOST_COLOURED = 40;

const SOLID: readonly number[] = [];
const DASHES: readonly (readonly number[])[] = [SOLID, [6, 4], [2, 3], [8, 3, 2, 3]];

/** The first ten are solid; each further ten have a different dash, so that similar colours are distinguishable. */
export function dashOf(slot: number): readonly number[] {
  return DASHES[Math.floor(slot / 10) % DASHES.length] ?? SOLID;
}

export function colourIndex(slot: number): number {
  return slot % COLOURS;
}

const NONE: ReadonlyMap<string, number> = new Map();

/**
 * A slot for each id: the chosen one, which several may share; else the one that it has, else the lowest free one, in their
 * order.  A run so keeps its colour while others are shown or hidden.
 */
export function assign(
  ids: readonly string[],
  kept: ReadonlyMap<string, number>,
  chosen: ReadonlyMap<string, number> = NONE,
): Map<string, number> {
  const slots = new Map<string, number>();
  const taken = new Set<number>();
  for (const id of ids) {
    const slot = chosen.get(id);
    if (slot === undefined) continue;
    slots.set(id, slot);
    taken.add(slot);
  }
  for (const id of ids) {
    const slot = kept.get(id);
    if (slot === undefined || slots.has(id) || taken.has(slot)) continue;
    slots.set(id, slot);
    taken.add(slot);
  }
  let free = 0;
  for (const id of ids) {
    if (slots.has(id)) continue;
    while (taken.has(free)) free++;
    slots.set(id, free);
    taken.add(free);
  }
  return slots;
}

/** Of many lines, those that are coloured: all up to 40, else the twenty of the lowest slots. */
export function isColoured(slot: number, lines: number): boolean {
  return lines <= MOST_COLOURED || slot < COLOURS;
}
