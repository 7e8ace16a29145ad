import type { Action } from "@/app/action";

export type Direction = "asc" | "desc";

export interface GridColumn {
  id: string;
  name: string;
  /** The full form of a short name. */
  title?: string;
  widthPx: number;
  isPinned?: boolean;
  isNumber?: boolean;
  /** Drawn by the page's snippet; others are text. */
  isDrawn?: boolean;
  /** Its width and place never change: the boxes for selection. */
  isFixed?: boolean;
  /** undefined: nothing is ordered by it.  `ordinal` counts from 1 if several columns order the rows. */
  sort?: { direction: Direction | null; ordinal: number | null };
  /** The header's menu. */
  actions?: Action[];
}

export const MIN_WIDTH_PX = 48;
export const MAX_WIDTH_PX = 800;
/** How far an arrow key moves the edge of a column. */
export const RESIZE_STEP_PX = 8;

/** A row of the table as the grid needs to know it. */
export interface RowShape {
  key: string;
  level: number;
  /** null: there is nothing to open. */
  isOpen: boolean | null;
  isSelected: boolean;
  /** Pointed at elsewhere on the page. */
  isHigh?: boolean;
}
