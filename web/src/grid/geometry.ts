/** Which rows and columns of a table are in sight, by arithmetic: all rows have one height. */

/** Browsers clamp boxes at about 16.7 million pixels, at two device pixels each: beyond this, scrolling is scaled. */
export const MAX_SCROLL_PX = 7_000_000;

/** Of the header. */
export const HEAD_PX = 36;
/** Rows drawn outside of the visible part. */
export const BEYOND_ROWS = 6;
export const BEYOND_PX = 200;

export interface Window {
  first: number;
  /** One past the last. */
  end: number;
}

export class Geometry {
  readonly rowPx: number;
  readonly length: number;
  readonly viewPx: number;
  /** The height of the box that scrolls. */
  readonly boxPx: number;
  readonly #scale: number;

  constructor(rowPx: number, length: number, viewPx: number) {
    this.rowPx = rowPx;
    this.length = length;
    this.viewPx = viewPx;
    const wholePx = rowPx * length;
    this.boxPx = Math.min(wholePx, MAX_SCROLL_PX);
    const hidden = this.boxPx - viewPx;
    this.#scale = wholePx > MAX_SCROLL_PX && hidden > 0 ? (wholePx - viewPx) / hidden : 1;
  }

  /** The rows to draw at a scroll position, with some beyond each edge. */
  rows(scrollTop: number, beyond: number): Window {
    const top = this.#layoutTop(scrollTop);
    const first = Math.floor(top / this.rowPx) - beyond;
    const end = Math.ceil((top + this.viewPx) / this.rowPx) + beyond;
    return { first: clamp(first, 0, this.length), end: clamp(end, 0, this.length) };
  }

  /** The position of a row in the box. */
  topOf(index: number, scrollTop: number): number {
    return index * this.rowPx - this.#layoutTop(scrollTop) + scrollTop;
  }

  /** The scroll position, as near as can be, at which a row is whole in sight, below a header that covers `coveredPx`. */
  scrollTo(index: number, scrollTop: number): number {
    const top = this.#layoutTop(scrollTop);
    const rowTop = index * this.rowPx;
    if (rowTop < top) return rowTop / this.#scale;
    if (rowTop + this.rowPx > top + this.viewPx) return (rowTop + this.rowPx - this.viewPx) / this.#scale;
    return scrollTop;
  }

  #layoutTop(scrollTop: number): number {
    return this.#scale === 1 ? scrollTop : scrollTop * this.#scale;
  }
}

export interface Placed {
  /** Of its left edge, in the row. */
  leftPx: number;
  widthPx: number;
  isPinned: boolean;
}

/** The columns that are drawn: all pinned ones, and those in sight beside them. */
export function visibleColumns(
  columns: readonly Placed[],
  scrollLeft: number,
  viewPx: number,
  beyondPx: number,
): number[] {
  const pinnedPx = columns.reduce((sum, each) => sum + (each.isPinned ? each.widthPx : 0), 0);
  const from = scrollLeft + pinnedPx - beyondPx;
  const to = scrollLeft + viewPx + beyondPx;
  return columns.flatMap((each, index) =>
    each.isPinned || (each.leftPx + each.widthPx > from && each.leftPx < to) ? [index] : [],
  );
}

/** The scroll position, as near as can be, at which a column is whole in sight beside the pinned ones. */
export function scrollLeftTo(columns: readonly Placed[], index: number, scrollLeft: number, viewPx: number): number {
  const at = columns[index];
  if (!at || at.isPinned) return scrollLeft;
  const pinnedPx = columns.reduce((sum, each) => sum + (each.isPinned ? each.widthPx : 0), 0);
  if (at.leftPx < scrollLeft + pinnedPx) return at.leftPx - pinnedPx;
  return Math.max(scrollLeft, at.leftPx + at.widthPx - viewPx);
}

/** Pinned columns first, each beside the one before. */
export function placeColumns(columns: readonly { widthPx: number; isPinned?: boolean }[]): Placed[] {
  let left = 0;
  return columns.map(({ widthPx, isPinned = false }) => {
    const placed = { leftPx: left, widthPx, isPinned };
    left += widthPx;
    return placed;
  });
}

export function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(value, most));
}
