const GAP_PX = 4;

/** Puts a popover below its anchor, or above where there is more room, and inside the window. */
export function placeNextTo(popover: HTMLElement, anchor: HTMLElement): void {
  const at = anchor.getBoundingClientRect();
  const { width, height } = popover.getBoundingClientRect();
  const isBelow = at.bottom + GAP_PX + height <= innerHeight || at.top < innerHeight - at.bottom;
  const left = Math.max(GAP_PX, Math.min(at.left, innerWidth - width - GAP_PX));
  const top = isBelow ? at.bottom + GAP_PX : Math.max(GAP_PX, at.top - GAP_PX - height);
  popover.style.left = `${left}px`;
  popover.style.top = `${top}px`;
  popover.style.right = popover.style.bottom = "auto";
}
