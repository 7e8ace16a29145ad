/** Draws plots of runs with any pen: scatter, contour, parallel coordinates. */
import type { Theme } from "../scene/paint";
import { textWidth, type Pen, type Rect } from "../scene/pen";
import { cividis, isolines, surface, type SurfacePoint } from "./contour";
import type { Dimension, Value } from "./dimension";

export interface Mark {
  readonly id: string;
  readonly label: string;
  readonly colour: string;
  /** By the dimensions of the plot. */
  readonly values: readonly Value[];
}

export interface Spot {
  readonly mark: Mark;
  readonly x: number;
  readonly y: number;
}

const SIZE = 11;
const CONTOURS = 8;
/** Of the name above an axis, in pixels. */
const MOST_NAME = 130;

export function areaOf(width: number, height: number, y: Dimension): Rect {
  const widest = Math.max(28, ...y.ticks.map((tick) => Math.min(120, textWidth(tick.label, SIZE))));
  return { left: widest + 16, top: 24, width: Math.max(20, width - widest - 32), height: Math.max(20, height - 68) };
}

/** The position of each run that has both values. */
export function spots(marks: readonly Mark[], [x, y]: readonly [Dimension, Dimension], area: Rect): Spot[] {
  return marks.flatMap((mark) => {
    const [atX, atY] = [x.share(mark.values[0] ?? null), y.share(mark.values[1] ?? null)];
    if (atX === null || atY === null) return [];
    return [{ mark, x: area.left + atX * area.width, y: area.top + (1 - atY) * area.height }];
  });
}

export function drawAxes(pen: Pen, [x, y]: readonly [Dimension, Dimension], area: Rect, theme: Theme): void {
  const bottom = area.top + area.height;
  const right = area.left + area.width;
  for (const tick of y.ticks) {
    const at = Math.round(area.top + (1 - tick.share) * area.height) + 0.5;
    pen.stroke(Float64Array.of(area.left, at, right, at), { colour: theme.line, width: 1 });
    pen.text(cut(tick.label, 120), area.left - 8, at, {
      colour: theme.text2,
      size: SIZE,
      align: "right",
      baseline: "middle",
    });
  }
  let free = 0;
  for (const tick of x.ticks) {
    const at = Math.round(area.left + tick.share * area.width) + 0.5;
    pen.stroke(Float64Array.of(at, bottom, at, bottom + 4), { colour: theme.axis, width: 1 });
    const half = textWidth(cut(tick.label, 120), SIZE) / 2;
    if (at - half < free) continue;
    free = at + half + 8;
    pen.text(cut(tick.label, 120), at, bottom + 8, {
      colour: theme.text2,
      size: SIZE,
      align: "center",
      baseline: "top",
    });
  }
  pen.stroke(Float64Array.of(area.left, bottom, right, bottom), { colour: theme.axis, width: 1 });
  pen.text(named(x), right, bottom + 26, { colour: theme.muted, size: SIZE, align: "right", baseline: "top" });
  pen.text(named(y), area.left, 4, { colour: theme.muted, size: SIZE, align: "left", baseline: "top" });
}

export function drawScatter(pen: Pen, all: readonly Spot[], highlighted: string | null, theme: Theme): void {
  for (const { mark, x, y } of all) pen.dots(Float64Array.of(x, y), 5, mark.colour, highlighted === null ? 0.85 : 0.35);
  const top = all.find(({ mark }) => mark.id === highlighted);
  if (!top) return;
  pen.dots(Float64Array.of(top.x, top.y), 8, theme.text);
  pen.dots(Float64Array.of(top.x, top.y), 6, top.mark.colour);
}

/** The third dimension as colour and lines over the other two; the runs as rings on it. */
export function drawContour(pen: Pen, all: readonly Spot[], height: Dimension, area: Rect, theme: Theme): void {
  const points = all.flatMap(({ mark, x, y }): SurfacePoint[] => {
    const share = height.share(mark.values[2] ?? null);
    return share === null
      ? []
      : [{ x: (x - area.left) / area.width, y: 1 - (y - area.top) / area.height, height: share }];
  });
  if (points.length === 0) return;
  const [columns, rows] = [Math.ceil(area.width / 8), Math.ceil(area.height / 8)];
  const made = surface(points, columns, rows);
  const [cellWidth, cellHeight] = [area.width / columns, area.height / rows];
  pen.clip(area, () => {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        // Whole pixels: cells that share one would show a seam.
        const left = Math.round(area.left + column * cellWidth);
        const top = Math.round(area.top + area.height - (row + 1) * cellHeight);
        const rect = {
          left,
          top,
          width: Math.round(area.left + (column + 1) * cellWidth) - left,
          height: Math.round(area.top + area.height - row * cellHeight) - top,
        };
        pen.fillRect(rect, cividis(made.heights[row * columns + column] ?? 0));
      }
    }
    for (let level = 1; level < CONTOURS; level++) {
      const lines = isolines(made, level / CONTOURS).map((share, at) =>
        at % 2 ? area.top + (1 - share) * area.height : area.left + share * area.width,
      );
      if (lines.length) pen.stroke(lines, { colour: "#ffffff", width: 1, alpha: 0.6 });
    }
  });
  for (const { x, y } of all) {
    pen.dots(Float64Array.of(x, y), 5, theme.surface);
    pen.dots(Float64Array.of(x, y), 3, theme.text);
  }
}

const KEY_WIDTH = 120;

/** What the colours of a contour mean: the lowest and the highest value, and the colours between. */
export function drawKey(pen: Pen, height: Dimension, ends: readonly [string, string], area: Rect, theme: Theme): void {
  const [low, high] = ends;
  const right = area.left + area.width;
  const style = { colour: theme.text2, size: SIZE, baseline: "top" as const };
  pen.text(high, right, 4, { ...style, align: "right" });
  const end = right - textWidth(high, SIZE) - 8;
  for (let at = 0; at < KEY_WIDTH; at += 2) {
    pen.fillRect({ left: Math.round(end - KEY_WIDTH + at), top: 5, width: 2, height: 10 }, cividis(at / KEY_WIDTH));
  }
  pen.text(`${named(height)}  ${low}`, end - KEY_WIDTH - 8, 4, { ...style, align: "right" });
}

/** The x of each axis of parallel coordinates. */
export function axisPlaces(count: number, area: Rect): number[] {
  return Array.from(
    { length: count },
    (_, at) => area.left + (count > 1 ? (at * area.width) / (count - 1) : area.width / 2),
  );
}

/** The ranges, in shares, that the user has marked on axes; null where none is marked. */
export type Brushes = readonly (readonly [number, number] | null)[];

export function isInside(mark: Mark, dimensions: readonly Dimension[], brushes: Brushes): boolean {
  return brushes.every((range, at) => {
    if (!range) return true;
    const share = dimensions[at]?.share(mark.values[at] ?? null) ?? null;
    return share !== null && share >= range[0] && share <= range[1];
  });
}

export function drawParallel(
  pen: Pen,
  marks: readonly Mark[],
  dimensions: readonly Dimension[],
  brushes: Brushes,
  highlighted: string | null,
  area: Rect,
  theme: Theme,
): void {
  const places = axisPlaces(dimensions.length, area);
  const nameRoom = Math.min(MOST_NAME, (places[1] ?? Infinity) - (places[0] ?? 0) - 8);
  const pathOf = (mark: Mark): Float64Array =>
    Float64Array.from(
      dimensions.flatMap((dimension, at) => {
        const share = dimension.share(mark.values[at] ?? null);
        return [places[at] ?? NaN, share === null ? NaN : area.top + (1 - share) * area.height];
      }),
    );
  const inside = marks.filter((mark) => isInside(mark, dimensions, brushes));
  const kept = new Set(inside.map((mark) => mark.id));
  for (const mark of marks) {
    if (!kept.has(mark.id)) pen.stroke(pathOf(mark), { colour: theme.muted, width: 1, alpha: 0.12 });
  }
  for (const mark of inside) {
    if (mark.id !== highlighted)
      pen.stroke(pathOf(mark), { colour: mark.colour, width: 1.5, alpha: highlighted ? 0.3 : 0.8 });
  }
  const top = inside.find((mark) => mark.id === highlighted);
  if (top) pen.stroke(pathOf(top), { colour: top.colour, width: 3 });
  for (const [at, dimension] of dimensions.entries())
    drawAxis(pen, dimension, places[at] ?? 0, brushes[at] ?? null, area, theme, nameRoom);
}

function drawAxis(
  pen: Pen,
  dimension: Dimension,
  x: number,
  brush: readonly [number, number] | null,
  area: Rect,
  theme: Theme,
  nameRoom: number,
): void {
  pen.stroke(Float64Array.of(x, area.top, x, area.top + area.height), { colour: theme.axis, width: 1 });
  if (brush) {
    const top = area.top + (1 - brush[1]) * area.height;
    pen.fillRect(
      { left: x - 6, top, width: 12, height: Math.max(2, (brush[1] - brush[0]) * area.height) },
      theme.text2,
      0.4,
    );
  }
  const room = Math.max(8, Math.floor(area.height / 16));
  for (const tick of dimension.ticks.length > room ? [] : dimension.ticks) {
    const y = area.top + (1 - tick.share) * area.height;
    const text = cut(tick.label, 90);
    pen.fillRect({ left: x + 4, top: y - 7, width: textWidth(text, SIZE) + 4, height: 14 }, theme.surface, 0.75);
    pen.text(text, x + 6, y, { colour: theme.text2, size: SIZE, align: "left", baseline: "middle" });
  }
  pen.text(cut(named(dimension), nameRoom), x, area.top - 20, {
    colour: theme.text,
    size: SIZE,
    align: "center",
    baseline: "top",
  });
}

function named({ label, isLog }: Dimension): string {
  return isLog ? `${label} (log)` : label;
}

function cut(text: string, width: number): string {
  if (textWidth(text, SIZE) <= width) return text;
  const kept = Math.floor(width / (0.61 * SIZE)) - 1;
  const letters = [...text];
  return `${letters.slice(0, Math.ceil(kept / 2)).join("")}…${letters.slice(letters.length - Math.floor(kept / 2)).join("")}`;
}
