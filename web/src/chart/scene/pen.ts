/** What a picture is made with.  A canvas and an SVG document are both drawn through this, so they show the same. */

export interface Rect {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Pairs x, y in pixels; a pair with a NaN lifts the pen. */
export type Path = Float64Array;

export interface Stroke {
  readonly colour: string;
  readonly width: number;
  readonly alpha?: number;
  readonly dash?: readonly number[];
}

export interface Writing {
  readonly colour: string;
  readonly size: number;
  readonly align: "left" | "center" | "right";
  readonly baseline: "top" | "middle" | "alphabetic";
  readonly weight?: number;
}

export interface Pen {
  fillRect(rect: Rect, colour: string, alpha?: number): void;
  stroke(path: Path, style: Stroke): void;
  /** Fills each closed outline between two lifts of the pen. */
  fill(path: Path, colour: string, alpha: number): void;
  dots(path: Path, radius: number, colour: string, alpha?: number): void;
  text(text: string, x: number, y: number, style: Writing): void;
  clip(rect: Rect, draw: () => void): void;
}

/** Ticks and legends are set in a monospaced face: the width of a text is arithmetic, the same here and in an export. */
export const NUMBER_FONT =
  'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace';

export function textWidth(text: string, size: number): number {
  let width = 0;
  for (const letter of text) width += letter.codePointAt(0)! > 0x2e80 ? 1.2 : 0.61;
  return width * size;
}
