/** Gives the cell under the pointer a title with its whole text if the cell cuts it off. */
export function titleOfCut({ target }: PointerEvent): void {
  const cell = target instanceof HTMLElement ? target.closest<HTMLElement>(".body .cell:not(:has([title]))") : null;
  if (cell) cell.title = cell.scrollWidth > cell.clientWidth ? cell.innerText.trim() : "";
}
