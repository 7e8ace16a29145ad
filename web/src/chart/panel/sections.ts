/** Cards by section, and which of them are in the window.  Pure. */

export interface Section {
  /** What the names before their first slash have in common; empty for names without one. */
  readonly name: string;
  readonly keys: readonly string[];
}

/** Sections and their keys in the order in which the keys come; those without a prefix are first. */
export function sections(keys: Iterable<string>): Section[] {
  const found = new Map<string, string[]>();
  for (const key of keys) {
    const slash = key.indexOf("/");
    const name = slash > 0 ? key.slice(0, slash) : "";
    const list = found.get(name);
    if (list) list.push(key);
    else found.set(name, [key]);
  }
  return [...found]
    .sort(([a], [b]) => Number(a !== "") - Number(b !== ""))
    .map(([name, list]) => ({ name, keys: list }));
}

/** So many charts live at once at most: each costs a canvas. */
export const MOST_CANVASES = 12;
const MOST_COLUMNS = 3;

export interface Grid {
  readonly columns: number;
  readonly rowHeight: number;
  readonly headerHeight: number;
  readonly gap: number;
}

/**
 * Cards that are large enough to be read, and so large that no window shows parts of more than twelve: a screen of 4K gets
 * larger cards, not more.
 */
export function gridFor(width: number, windowHeight: number, gap = 12): Grid {
  const columns = Math.max(1, Math.min(MOST_COLUMNS, Math.floor((width + gap) / (320 + gap))));
  // A window that begins within a row shows parts of one more.
  const mostRows = Math.floor(MOST_CANVASES / columns) - 1;
  return { columns, rowHeight: Math.max(292, Math.ceil(windowHeight / mostRows) - gap), headerHeight: 40, gap };
}

export interface Placed {
  readonly key: string;
  readonly top: number;
  readonly column: number;
}

export interface Header {
  readonly section: Section;
  readonly top: number;
  readonly isOpen: boolean;
}

export interface Layout {
  readonly height: number;
  /** The headers with a part between `from` and `to`. */
  readonly headers: readonly Header[];
  /** The cards with a part between `from` and `to`. */
  readonly visible: readonly Placed[];
}

export function layout(
  all: readonly Section[],
  isOpen: (name: string) => boolean,
  grid: Grid,
  from: number,
  to: number,
): Layout {
  const headers: Header[] = [];
  const visible: Placed[] = [];
  const row = grid.rowHeight + grid.gap;
  let top = 0;
  for (const section of all) {
    const open = isOpen(section.name);
    if (top + grid.headerHeight > from && top < to) headers.push({ section, top, isOpen: open });
    top += grid.headerHeight;
    if (!open) continue;
    const rows = Math.ceil(section.keys.length / grid.columns);
    const first = Math.max(0, Math.floor((from - top + grid.gap) / row));
    const last = Math.min(rows, Math.ceil((to - top) / row));
    for (let at = first * grid.columns; at < Math.min(last * grid.columns, section.keys.length); at++) {
      const key = section.keys[at];
      if (key === undefined) break;
      visible.push({ key, top: top + Math.floor(at / grid.columns) * row, column: at % grid.columns });
    }
    top += rows * row;
  }
  return { height: top, headers, visible };
}
