/** A chart with its title, its legend and its origin, drawn with any pen. */
import type { Bar } from "../card/bars";
import type { Line } from "../scene/line";
import { paint, type Look, type Theme } from "../scene/paint";
import { textWidth, type Pen, type Rect, type Writing } from "../scene/pen";
import { plot, type Axes } from "../scene/plot";

/** A bar, and its value as it is written. */
export interface WrittenBar extends Bar {
  readonly text: string;
}

export interface Picture {
  readonly title: string;
  /** The line about sampling, and the smoothing: what a reader of the exported picture must know. */
  readonly notes: string;
  readonly origin: string;
  readonly axes: Axes;
  readonly lines: readonly Line[];
  /** Of runs that have logged the metric once: drawn in place of lines and legend. */
  readonly bars: readonly WrittenBar[] | null;
  readonly look: Look;
  readonly theme: Theme;
}

const MARGIN = 16;
const ROW = 18;
const BAR = 12;
const GAP = 8;
/** Of the width, for the names of bars. */
const NAMES_SHARE = 0.45;
/** More lines or bars than these are counted, not named. */
const MOST_NAMED = 40;

export function pictureHeight({ axes, lines, bars }: Picture): number {
  const body = bars ? 0 : axes.height;
  return MARGIN + 24 + ROW + body + namedRows(bars ?? lines) * ROW + ROW + MARGIN;
}

export function pictureWidth({ axes }: Picture): number {
  return axes.width + 2 * MARGIN;
}

export function drawPicture(pen: Pen, picture: Picture): void {
  const { title, notes, origin, axes, lines, bars, theme } = picture;
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
  let y = top + ROW / 2;
  if (bars) {
    drawBars(pen, bars.slice(0, MOST_NAMED), y, width, theme);
  } else {
    paint(moved(pen, MARGIN, top), plot(axes), lines, theme, picture.look);
    y += axes.height;
    drawLegend(pen, lines.slice(0, MOST_NAMED), y, width, theme);
  }
  const all = bars ?? lines;
  y += Math.min(all.length, MOST_NAMED) * ROW;
  if (all.length > MOST_NAMED) {
    pen.text(`+${all.length - MOST_NAMED}`, MARGIN + 32, y, small(theme.muted));
    y += ROW;
  }
  pen.text(fit(origin, width - 2 * MARGIN, 11), MARGIN, y, small(theme.muted));
}

function drawLegend(pen: Pen, lines: readonly Line[], top: number, width: number, theme: Theme): void {
  lines.forEach((line, at) => {
    const y = top + at * ROW;
    const colour = line.isColoured ? line.colour : theme.muted;
    pen.stroke(Float64Array.of(MARGIN, y, MARGIN + 24, y), { colour, width: 2, dash: line.dash });
    pen.text(fit(named(line), width - 2 * MARGIN - 32, 11), MARGIN + 32, y, small(theme.text));
  });
}

/** A row a run: its name, its bar, its value. */
function drawBars(pen: Pen, bars: readonly WrittenBar[], top: number, width: number, theme: Theme): void {
  const whole = width - 2 * MARGIN;
  const names = bars.map(({ line }) => fit(named(line), whole * NAMES_SHARE, 11));
  const widest = (texts: readonly string[]) => Math.max(...texts.map((text) => textWidth(text, 11)));
  const left = MARGIN + widest(names) + GAP;
  const room = width - MARGIN - widest(bars.map(({ text }) => text)) - GAP - left;
  bars.forEach(({ line, left: from, width: share, text }, at) => {
    const y = top + at * ROW;
    pen.text(names[at] ?? "", MARGIN, y, small(theme.text));
    const rect = { left: left + from * room, top: y - BAR / 2, width: Math.max(1, share * room), height: BAR };
    pen.fillRect(rect, line.isColoured ? line.colour : theme.muted);
    pen.text(text, width - MARGIN, y, { ...small(theme.text), align: "right" });
  });
}

function named({ id, label }: Line): string {
  return id === label ? label : `${label}  ${id}`;
}

function small(colour: string): Writing {
  return { colour, size: 11, align: "left", baseline: "middle" };
}

function namedRows(all: readonly unknown[]): number {
  return Math.min(all.length, MOST_NAMED) + (all.length > MOST_NAMED ? 1 : 0);
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
