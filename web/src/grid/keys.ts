import { clamp } from "./geometry";

/** A cell; line -1 is the header. */
export interface Cell {
  line: number;
  column: number;
}

export interface Extent {
  lines: number;
  columns: number;
  /** Whole rows in sight. */
  page: number;
}

type Press = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey">;

/** Where a key leads from a cell; null if it leads nowhere. */
export function moved({ line, column }: Cell, press: Press, { lines, columns, page }: Extent): Cell | null {
  if (press.altKey) return null;
  const isFar = press.ctrlKey || press.metaKey;
  const to = (wantedLine: number, wantedColumn = column): Cell => ({
    line: clamp(wantedLine, -1, lines - 1),
    column: clamp(wantedColumn, 0, columns - 1),
  });
  switch (press.key) {
    case "ArrowDown":
      return to(isFar ? lines - 1 : line + 1);
    case "ArrowUp":
      return to(isFar ? 0 : line - 1);
    case "ArrowLeft":
      return to(line, isFar ? 0 : column - 1);
    case "ArrowRight":
      return to(line, isFar ? columns - 1 : column + 1);
    case "PageDown":
      return to(line + page);
    case "PageUp":
      return to(Math.max(line - page, 0));
    case "Home":
      return to(isFar ? 0 : line, 0);
    case "End":
      return to(isFar ? lines - 1 : line, columns - 1);
  }
  if (isFar) return null;
  if (press.key === "j") return to(line + 1);
  if (press.key === "k") return to(Math.max(line - 1, 0));
  return null;
}

export function hasModifier(event: KeyboardEvent): boolean {
  return event.ctrlKey || event.metaKey || event.altKey;
}

/** The cell that an element is in. */
export function cellOf(target: EventTarget | null): Cell | undefined {
  const at = target instanceof HTMLElement ? target.closest<HTMLElement>("[data-cell]")?.dataset["cell"] : undefined;
  const [line, column] = (at ?? "").split(":").map(Number);
  return line === undefined || column === undefined ? undefined : { line, column };
}

/** Whether Enter on the element already does something without the table. */
export function isControl(target: EventTarget | null): boolean {
  return target instanceof HTMLButtonElement || target instanceof HTMLAnchorElement;
}
