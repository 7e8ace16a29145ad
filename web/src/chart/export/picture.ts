/** A chart with its title, its legend and its origin, drawn with any pen. */
import type { Line } from "../scene/line";
import { paint, type Look, type Theme } from "../scene/paint";
import { textWidth, type Pen, type Rect } from "../scene/pen";
import { plot, type Axes } from "../scene/plot";

export interface Picture {
  readonly title: string;
  /** The honesty line, the smoothing: what somebody must know who reads the picture elsewhere. */
  readonly notes: string;
  readonly origin: string;
  readonly axes: Axes;
  readonly lines: readonly Line[];
  readonly look: Look;
  readonly theme: Theme;
}

const MARGIN = 16;
const ROW = 18;
/** More lines than these are counted in the legend, not named. */
const MOST_NAMED = 40;

export function pictureHeight({ axes, lines }: Picture): number {
  return MARGIN + 24 + ROW + axes.height + legendRows(lines) * ROW + ROW + MARGIN;
}

export function pictureWidth({ axes }: Picture): number {
  return axes.width + 2 * MARGIN;
}

export function drawPicture(pen: Pen, picture: Picture): void {
  const { title, notes, origin, axes, lines, theme } = picture;
  const width = pictureWidth(picture);
  pen.fillRect({ left: 0, top: 0, width, height: pictureHeight(picture) }, theme.surface);
  pen.text(fit(title, width - 2 * MARGIN, 14), MARGIN, MARGIN, {
    colour: theme.text,
    size: 14,
    align: "left",
    baseline: "top",
    weight: 600,
  });
  pen.text(notes, MARGIN, MARGIN + 22, { colour: theme.muted, size: 11, align: "left", baseline: "top" });
  const top = MARGIN + 24 + ROW;
  paint(moved(pen, MARGIN, top), plot(axes), lines, theme, picture.look);
  let y = top + axes.height + ROW / 2;
  for (const line of lines.slice(0, MOST_NAMED)) {
    const colour = line.isColoured ? line.colour : theme.muted;
    pen.stroke(Float64Array.of(MARGIN, y, MARGIN + 24, y), { colour, width: 2, dash: line.dash });
    const name = line.id === line.label ? line.label : `${line.label}  ${line.id}`;
    pen.text(fit(name, width - 2 * MARGIN - 32, 11), MARGIN + 32, y, {
      colour: theme.text,
      size: 11,
      align: "left",
      baseline: "middle",
    });
    y += ROW;
  }
  if (lines.length > MOST_NAMED) {
    pen.text(`+${lines.length - MOST_NAMED}`, MARGIN + 32, y, {
      colour: theme.muted,
      size: 11,
      align: "left",
      baseline: "middle",
    });
    y += ROW;
  }
  pen.text(fit(origin, width - 2 * MARGIN, 11), MARGIN, y, {
    colour: theme.muted,
    size: 11,
    align: "left",
    baseline: "middle",
  });
}

function legendRows(lines: readonly Line[]): number {
  return Math.min(lines.length, MOST_NAMED) + (lines.length > MOST_NAMED ? 1 : 0);
}

/** Cut in the middle: both ends of a name tell runs apart. */
function fit(text: string, width: number, size: number): string {
  if (textWidth(text, size) <= width) return text;
  const letters = [...text];
  const kept = Math.max(2, Math.floor(width / (0.61 * size)) - 1);
  return `${letters.slice(0, Math.ceil(kept / 2)).join("")}…${letters.slice(letters.length - Math.floor(kept / 2)).join("")}`;
}

/** The same pen, with its origin elsewhere. */
function moved(pen: Pen, left: number, top: number): Pen {
  const rect = (given: Rect): Rect => ({ ...given, left: given.left + left, top: given.top + top });
  const path = (given: Float64Array): Float64Array => given.map((value, at) => value + (at % 2 ? top : left));
  return {
    fillRect: (given, colour, alpha) => pen.fillRect(rect(given), colour, alpha),
    stroke: (given, style) => pen.stroke(path(given), style),
    fill: (given, colour, alpha) => pen.fill(path(given), colour, alpha),
    dots: (given, radius, colour, alpha) => pen.dots(path(given), radius, colour, alpha),
    text: (text, x, y, style) => pen.text(text, x + left, y + top, style),
    clip: (given, draw) => pen.clip(rect(given), draw),
  };
}
