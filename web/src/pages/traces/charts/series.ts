/** Numbers of traces over time as lines: one line for each name, model or user.  Pure. */

export const BUCKETS = 48;
/** Lines of one chart: the groups with the most traces. */
export const MOST_GROUPS = 8;

export interface Span {
  startMs: number;
  endMs: number;
  intervalS: number;
}

export interface Line {
  name: string;
  /** One for each bucket; null: nothing was measured in it. */
  values: (number | null)[];
}

export interface Point {
  dimensions?: Record<string, string>;
  values?: Record<string, number>;
}

// prettier-ignore
const INTERVALS_S = [1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 43_200, 86_400, 2 * 86_400, 7 * 86_400];

/** The time until now in about 48 buckets that a clock shows round. */
export function spanOf(nowMs: number, lengthMs: number): Span {
  const rough = lengthMs / 1000 / BUCKETS;
  const intervalS = INTERVALS_S.find((each) => each >= rough) ?? Math.ceil(rough / 86_400) * 86_400;
  const size = intervalS * 1000;
  const endMs = Math.floor(nowMs / size) * size + size;
  return { startMs: endMs - Math.ceil(lengthMs / size) * size, endMs, intervalS };
}

export function timesOf({ startMs, endMs, intervalS }: Span): number[] {
  const size = intervalS * 1000;
  return Array.from({ length: Math.round((endMs - startMs) / size) }, (_, at) => startMs + at * size);
}

/** Sums up `label` of points by bucket, for each value of `dimension`, the greatest sums first.  `empty`: what a bucket without a
 *  point has. */
export function linesOf(
  points: readonly Point[],
  span: Span,
  dimension: string | null,
  label: string,
  empty: 0 | null,
  only: (point: Point) => boolean = () => true,
): Line[] {
  const buckets = timesOf(span).length;
  const lines = new Map<string, (number | null)[]>();
  for (const point of points) {
    const at = Math.floor(
      (Date.parse(point.dimensions?.["time_bucket"] ?? "") - span.startMs) / (span.intervalS * 1000),
    );
    const name = dimension === null ? "" : (point.dimensions?.[dimension] ?? "");
    const value = point.values?.[label];
    if (value === undefined || !(at >= 0 && at < buckets)) continue;
    let values = lines.get(name);
    if (!values) lines.set(name, (values = new Array<number | null>(buckets).fill(empty)));
    if (only(point)) values[at] = (values[at] ?? 0) + value;
  }
  return [...lines].map(([name, values]) => ({ name, values })).sort((a, b) => totalOf(b) - totalOf(a));
}

export function totalOf({ values }: Line): number {
  return values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
}

/** What share of `whole` each line of `part` is, in percent; null where there is nothing to have a share of. */
export function sharesOf(part: readonly Line[], whole: readonly Line[]): Line[] {
  return whole.map(({ name, values }) => {
    const parts = part.find((each) => each.name === name)?.values;
    return { name, values: values.map((value, at) => (value ? ((parts?.[at] ?? 0) / value) * 100 : null)) };
  });
}

/** The lines of the chosen names, in their order: each chart has the same colours. */
export function chosen(lines: readonly Line[], names: readonly string[]): Line[] {
  return names.flatMap((name) => lines.find((each) => each.name === name) ?? []);
}

/** Where lines are drawn: pieces without gaps, as paths of SVG; a value alone is a piece of no length, which a round cap shows. */
export function pathOf(
  values: readonly (number | null)[],
  x: (at: number) => number,
  y: (value: number) => number,
): string {
  let path = "";
  let isOpen = false;
  for (const [at, value] of values.entries()) {
    if (value === null) {
      isOpen = false;
      continue;
    }
    const isAlone = !isOpen && (values[at + 1] ?? null) === null;
    path += `${isOpen ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}${isAlone ? "h0" : ""}`;
    isOpen = true;
  }
  return path;
}
