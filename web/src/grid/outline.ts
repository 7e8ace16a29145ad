/** A list with rows that can be opened: maps a line to a row of a list.  Pure.
 *
 *  The lists are windows of larger ones: rows that were not loaded have no key, and stay closed. */

export interface List {
  /** How many rows it has, loaded or not. */
  readonly length: number;
}

/** An open row of a list: its position, and the list below it. */
export interface Opened<L extends List> {
  index: number;
  list: L;
}

/** The open rows of a list. */
export type OpenedOf<L extends List> = (list: L) => readonly Opened<L>[];

export interface Line<L extends List> {
  list: L;
  index: number;
  /** 0 at the top. */
  level: number;
}

export function countLines<L extends List>(list: L, opened: OpenedOf<L>): number {
  return opened(list).reduce((sum, each) => sum + countLines(each.list, opened), list.length);
}

/** The row at a line; null after the last one. */
export function lineAt<L extends List>(list: L, line: number, opened: OpenedOf<L>, level = 0): Line<L> | null {
  let rest = line;
  let from = 0;
  for (const each of inOrder(opened(list))) {
    const before = each.index + 1 - from;
    if (rest < before) return { list, index: from + rest, level };
    rest -= before;
    const inner = countLines(each.list, opened);
    if (rest < inner) return lineAt(each.list, rest, opened, level + 1);
    rest -= inner;
    from = each.index + 1;
  }
  return from + rest < list.length ? { list, index: from + rest, level } : null;
}

function inOrder<L extends List>(opened: readonly Opened<L>[]): Opened<L>[] {
  return [...opened].sort((a, b) => a.index - b.index);
}
