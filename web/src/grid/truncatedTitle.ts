/** Sets the title of the cell under the pointer to its whole text if the text is truncated. */
export function titleIfTruncated({ target }: PointerEvent): void {
  const cell = target instanceof HTMLElement ? target.closest<HTMLElement>(".body .cell:not(:has([title]))") : null;
  if (cell) cell.title = cell.scrollWidth > cell.clientWidth ? cell.innerText.trim() : "";
}
