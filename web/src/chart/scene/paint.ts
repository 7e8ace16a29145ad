/** Paints a chart with a pen: defines the look of charts, on screen and in exports. */
import { bandPath, linePath, isolated, notPositive, type Line } from "./line";
import type { Pen, Rect } from "./pen";
import { pixelX, TICK_SIZE, type Plot } from "./plot";

/** Colours of the theme, read once when it changes. */
export interface Theme {
  readonly surface: string;
  readonly line: string;
  readonly axis: string;
  readonly text: string;
  readonly text2: string;
  readonly muted: string;
  readonly warning: string;
  readonly runs: readonly string[];
}

export interface Look {
  /** The id of the highlighted line. */
  readonly highlighted: string | null;
  /** Lines that are smoothed show their own values faintly below. */
  readonly isSmoothed: boolean;
}

/** Up to so many lines show their bands all at once; above, the highlighted one alone does. */
export const MOST_BANDS = 5;
const BAND_ALPHA = 0.15;
const RAW_ALPHA = 0.25;
const DIMMED_ALPHA = 0.25;
const NEUTRAL_ALPHA = 0.35;

export function paint(pen: Pen, plot: Plot, lines: readonly Line[], theme: Theme, look: Look): void {
  paintAxes(pen, plot, theme);
  pen.clip(plot.area, () => {
    if (plot.axes.y.scale === "log" && notPositive(lines)) hatch(pen, foot(plot), theme.warning);
    for (const line of lines) {
      if (line.band && (lines.length <= MOST_BANDS || line.id === look.highlighted)) {
        pen.fill(bandPath(plot, line.series.x, line.band), colourOf(line, theme), BAND_ALPHA);
      }
    }
    // The highlighted one last, on top; the first run over the later ones.
    for (const line of [...lines].reverse()) if (line.id !== look.highlighted) paintLine(pen, plot, line, theme, look);
    const top = lines.find((line) => line.id === look.highlighted);
    if (top) paintLine(pen, plot, top, theme, look);
    for (const line of lines) markOdd(pen, plot, line, theme);
  });
}

function paintLine(pen: Pen, plot: Plot, line: Line, theme: Theme, look: Look): void {
  const isTop = line.id === look.highlighted;
  const isDimmed = look.highlighted !== null && !isTop;
  const colour = isTop && !line.isColoured ? theme.text : colourOf(line, theme);
  const alpha = isDimmed ? DIMMED_ALPHA : line.isColoured || isTop ? 1 : NEUTRAL_ALPHA;
  const { x, last } = line.series;
  if (look.isSmoothed && line.values !== last && !isDimmed) {
    pen.stroke(linePath(plot, x, last), { colour, width: 1, alpha: RAW_ALPHA });
  }
  const path = linePath(plot, x, line.values);
  pen.stroke(path, { colour, width: isTop ? 2.5 : 1.5, alpha, dash: line.dash });
  const alone = isolated(path);
  if (alone.length) pen.dots(alone, isTop ? 3.5 : 2.5, colour, alpha);
}

function colourOf(line: Line, theme: Theme): string {
  return line.isColoured ? line.colour : theme.muted;
}

function paintAxes(pen: Pen, { area, xTicks, yTicks, xLabel, axes }: Plot, theme: Theme): void {
  const right = area.left + area.width;
  const bottom = area.top + area.height;
  for (const tick of yTicks) {
    pen.stroke(Float64Array.of(area.left, crisp(tick.at), right, crisp(tick.at)), { colour: theme.line, width: 1 });
    pen.text(tick.label, area.left - 8, tick.at, {
      colour: theme.text2,
      size: TICK_SIZE,
      align: "right",
      baseline: "middle",
    });
  }
  pen.stroke(Float64Array.of(area.left, crisp(bottom), right, crisp(bottom)), { colour: theme.axis, width: 1 });
  for (const tick of xTicks) {
    pen.stroke(Float64Array.of(crisp(tick.at), bottom, crisp(tick.at), bottom + 4), { colour: theme.axis, width: 1 });
    pen.text(tick.label, tick.at, bottom + 7, {
      colour: theme.text2,
      size: TICK_SIZE,
      align: "center",
      baseline: "top",
    });
  }
  if (xLabel) {
    pen.text(xLabel, right, axes.height - 14, {
      colour: theme.muted,
      size: TICK_SIZE,
      align: "right",
      baseline: "top",
    });
  }
}

/** A small triangle at the upper edge where a run has NaN or an infinity: no line can show it. */
function markOdd(pen: Pen, plot: Plot, line: Line, theme: Theme): void {
  const triangles: number[] = [];
  let before = Number.NEGATIVE_INFINITY;
  for (const value of line.series.odd.x) {
    const x = pixelX(plot, value);
    if (!(x - before >= 4)) continue;
    before = x;
    const top = plot.area.top;
    triangles.push(x - 4, top, x + 4, top, x, top + 7, Number.NaN, Number.NaN);
  }
  if (triangles.length) pen.fill(Float64Array.from(triangles), colourOf(line, theme), 1);
}

function foot({ area }: Plot): Rect {
  return { left: area.left, top: area.top + area.height - 6, width: area.width, height: 6 };
}

/** Stripes: here are values that the axis cannot show. */
function hatch(pen: Pen, rect: Rect, colour: string): void {
  const path: number[] = [];
  for (let x = rect.left; x < rect.left + rect.width; x += 6) {
    path.push(x, rect.top + rect.height, x + rect.height, rect.top, Number.NaN, Number.NaN);
  }
  pen.stroke(Float64Array.from(path), { colour, width: 1, alpha: 0.6 });
}

/** A line of one pixel that lies on pixels. */
function crisp(at: number): number {
  return Math.round(at) + 0.5;
}
