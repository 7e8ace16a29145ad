/** Cuts many points into few buckets without losing an extreme.  Pure. */
import type { Series } from "./series";

/**
 * At most `buckets` buckets of the points between `from` and `to`: last value, min, max and count of each.  Points outside
 * the range are left out, except the nearest one on each side: lines run out of the picture instead of ending in it.
 */
export function bucket(series: Series, from: number, to: number, buckets: number): Series {
  const { x } = series;
  let begin = 0;
  while (begin < x.length && x[begin]! < from) begin++;
  let end = x.length;
  while (end > begin && x[end - 1]! > to) end--;
  if (end - begin <= buckets) return slice(series, Math.max(0, begin - 1), Math.min(x.length, end + 1));

  const width = (to - from) / buckets || 1;
  const columns = new Columns(buckets + 2);
  if (begin > 0) columns.add(series, begin - 1, -1);
  for (let at = begin; at < end; at++) {
    columns.add(series, at, Math.min(buckets - 1, Math.floor((x[at]! - from) / width)));
  }
  if (end < x.length) columns.add(series, end, buckets);
  return columns.close(series);
}

/** The entries from `begin` to `end`, as views. */
export function slice(series: Series, begin: number, end: number): Series {
  if (begin === 0 && end === series.x.length) return series;
  return {
    ...series,
    x: series.x.subarray(begin, end),
    last: series.last.subarray(begin, end),
    min: series.min.subarray(begin, end),
    max: series.max.subarray(begin, end),
    count: series.count.subarray(begin, end),
  };
}

/** `series` with points that were logged since; what is older than its end is put in its place. */
export function append(series: Series, more: Series): Series {
  if (more.x.length === 0) return series;
  const length = series.x.length + more.x.length;
  const order = Array.from({ length }, (_, at) => at);
  const xOf = (at: number) => (at < series.x.length ? series.x[at]! : more.x[at - series.x.length]!);
  if (series.x.length && more.x[0]! < series.x[series.x.length - 1]!) {
    order.sort((a, b) => xOf(a) - xOf(b) || a - b);
  }
  const pick = (of: "x" | "last" | "min" | "max" | "count") =>
    Float64Array.from(order, (at) => (at < series.x.length ? series[of][at]! : more[of][at - series.x.length]!));
  return {
    ...series,
    x: pick("x"),
    last: pick("last"),
    min: pick("min"),
    max: pick("max"),
    count: pick("count"),
    total: series.total + more.total,
    exact: series.exact && more.exact,
    odd: {
      nan: series.odd.nan + more.odd.nan,
      inf: series.odd.inf + more.odd.inf,
      minusInf: series.odd.minusInf + more.odd.minusInf,
      x: Float64Array.from([...series.odd.x, ...more.odd.x]),
    },
  };
}

class Columns {
  private readonly x: Float64Array;
  private readonly last: Float64Array;
  private readonly min: Float64Array;
  private readonly max: Float64Array;
  private readonly count: Float64Array;
  private used = 0;
  private open = Number.NaN;

  constructor(most: number) {
    this.x = new Float64Array(most);
    this.last = new Float64Array(most);
    this.min = new Float64Array(most);
    this.max = new Float64Array(most);
    this.count = new Float64Array(most);
  }

  add(series: Series, at: number, slot: number): void {
    if (slot !== this.open) {
      this.open = slot;
      this.min[this.used] = Number.NaN;
      this.max[this.used] = Number.NaN;
      this.used++;
    }
    const to = this.used - 1;
    this.x[to] = series.x[at]!;
    this.last[to] = series.last[at]!;
    this.count[to]! += series.count[at]!;
    if (!(this.min[to]! <= series.min[at]!) && !Number.isNaN(series.min[at]!)) this.min[to] = series.min[at]!;
    if (!(this.max[to]! >= series.max[at]!) && !Number.isNaN(series.max[at]!)) this.max[to] = series.max[at]!;
  }

  close(series: Series): Series {
    const end = this.used;
    return {
      ...series,
      x: this.x.subarray(0, end),
      last: this.last.subarray(0, end),
      min: this.min.subarray(0, end),
      max: this.max.subarray(0, end),
      count: this.count.subarray(0, end),
      exact: false,
    };
  }
}
