/** A surface over scattered points, and its lines of equal height.  Pure. */
import type { Path } from "../scene/pen";

export interface Surface {
  readonly columns: number;
  readonly rows: number;
  /** By rows from below, each from the left. */
  readonly heights: Float64Array;
}

/** All coordinates are shares of their axes, from 0 to 1. */
export interface SurfacePoint {
  readonly x: number;
  readonly y: number;
  readonly height: number;
}

/**
 * The surface through all points: each place is the mean of the points weighted by the inverse square of their distance
 * (Shepard, 1968).  It has no height that no point has, beyond the least and the greatest.
 */
export function surface(points: readonly SurfacePoint[], columns: number, rows: number): Surface {
  const heights = new Float64Array(columns * rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      heights[row * columns + column] = heightAt(points, column / (columns - 1), row / (rows - 1));
    }
  }
  return { columns, rows, heights };
}

function heightAt(points: readonly SurfacePoint[], x: number, y: number): number {
  let sum = 0;
  let weights = 0;
  for (const point of points) {
    const distance = (point.x - x) ** 2 + (point.y - y) ** 2;
    if (distance < 1e-12) return point.height;
    sum += point.height / distance;
    weights += 1 / distance;
  }
  return weights > 0 ? sum / weights : Number.NaN;
}

/** Where the surface has this height: pieces of lines in shares of the axes, by marching squares. */
export function isolines({ columns, rows, heights }: Surface, level: number): Path {
  const path: number[] = [];
  const at = (column: number, row: number): number => heights[row * columns + column] ?? Number.NaN;
  const between = (a: number, b: number): number => (level - a) / (b - a);
  for (let row = 0; row + 1 < rows; row++) {
    for (let column = 0; column + 1 < columns; column++) {
      const [sw, se, ne, nw] = [at(column, row), at(column + 1, row), at(column + 1, row + 1), at(column, row + 1)];
      const crossings: [number, number][] = [];
      if (sw >= level !== se >= level) crossings.push([column + between(sw, se), row]);
      if (se >= level !== ne >= level) crossings.push([column + 1, row + between(se, ne)]);
      if (nw >= level !== ne >= level) crossings.push([column + between(nw, ne), row + 1]);
      if (sw >= level !== nw >= level) crossings.push([column, row + between(sw, nw)]);
      for (let pair = 0; pair + 1 < crossings.length; pair += 2) {
        const [from, to] = [crossings[pair], crossings[pair + 1]];
        if (!from || !to) continue;
        path.push(from[0] / (columns - 1), from[1] / (rows - 1), to[0] / (columns - 1), to[1] / (rows - 1), NaN, NaN);
      }
    }
  }
  return Float64Array.from(path);
}

// Of the cividis map (Nuñez, Anderton and Renslow, 2018), every tenth part: safe for the colour-blind, even in lightness.
const CIVIDIS: readonly (readonly [number, number, number])[] = [
  [0, 34, 78], [18, 53, 112], [59, 73, 108], [87, 93, 109], [112, 113, 115], [138, 134, 120], [165, 156, 116],
  [195, 179, 105], [225, 204, 85], [254, 232, 56],
]; // prettier-ignore

export function cividis(share: number): string {
  const place = Math.min(Math.max(share, 0), 1) * (CIVIDIS.length - 1);
  const low = CIVIDIS[Math.floor(place)] ?? [0, 0, 0];
  const high = CIVIDIS[Math.ceil(place)] ?? low;
  const part = (at: 0 | 1 | 2): number => Math.round(low[at] + (high[at] - low[at]) * (place % 1));
  return `rgb(${part(0)} ${part(1)} ${part(2)})`;
}
