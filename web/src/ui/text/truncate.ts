/** Truncates text in the middle: names of runs and metrics often differ only at the ends. */

export function truncateMiddle(text: string, most: number): string {
  if (text.length <= most) return text;
  const half = Math.floor((most - 1) / 2);
  return `${text.slice(0, most - 1 - half)}…${text.slice(-half)}`;
}

const FEWEST = 3;
/** The browser reports widths of boxes in whole pixels. */
const ROUNDED_PX = 1;

/** Return the text, or as much of both its ends as a width has room for. */
export function fitted(text: string, widthPx: number, widthOf: (text: string) => number): string {
  if (widthOf(text) <= widthPx + ROUNDED_PX) return text;
  let [low, high] = [FEWEST, text.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (widthOf(truncateMiddle(text, middle)) <= widthPx - ROUNDED_PX) low = middle;
    else high = middle - 1;
  }
  return truncateMiddle(text, low);
}

let pen: CanvasRenderingContext2D | null | undefined;

/** Return a function that measures text in the font of an element, in pixels. */
export function measureIn(element: Element): (text: string) => number {
  pen ??= document.createElement("canvas").getContext("2d");
  const to = pen;
  if (!to) return () => 0;
  // Not `font`: a browser has none where one of its parts, such as tabular numbers, is not in the shorthand.
  const { fontStyle, fontWeight, fontSize, fontFamily } = getComputedStyle(element);
  const font = `${fontStyle} ${fontWeight} ${fontSize} ${fontFamily}`;
  return (text) => {
    to.font = font;
    return to.measureText(text).width;
  };
}
