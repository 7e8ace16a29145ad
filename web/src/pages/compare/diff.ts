/** The lines in which two texts differ.  Pure. */

export interface DiffLine {
  readonly kind: "same" | "removed" | "added";
  readonly text: string;
}

/** With more differences than these, the search for the least would take seconds: all is told as replaced. */
const MOST_CHANGES = 2000;

/** The shortest edit of `left` to `right` by lines (Myers, 1986). */
export function diff(left: string, right: string): DiffLine[] {
  const [a, b] = [lines(left), lines(right)];
  let begin = 0;
  while (begin < a.length && begin < b.length && a[begin] === b[begin]) begin++;
  let end = 0;
  while (end < a.length - begin && end < b.length - begin && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const same = (text: string): DiffLine => ({ kind: "same", text });
  return [
    ...a.slice(0, begin).map(same),
    ...middle(a.slice(begin, a.length - end), b.slice(begin, b.length - end)),
    ...a.slice(a.length - end).map(same),
  ];
}

function middle(a: readonly string[], b: readonly string[]): DiffLine[] {
  const most = Math.min(a.length + b.length, MOST_CHANGES);
  const offset = most + 1;
  let reach = new Int32Array(2 * most + 3);
  const history: Int32Array[] = [];
  for (let changes = 0; changes <= most; changes++) {
    history.push(reach.slice());
    for (let diagonal = -changes; diagonal <= changes; diagonal += 2) {
      const isDown =
        diagonal === -changes ||
        (diagonal !== changes && at(reach, offset + diagonal - 1) < at(reach, offset + diagonal + 1));
      let x = isDown ? at(reach, offset + diagonal + 1) : at(reach, offset + diagonal - 1) + 1;
      while (x < a.length && x - diagonal < b.length && a[x] === b[x - diagonal]) x++;
      reach[offset + diagonal] = x;
      if (x >= a.length && x - diagonal >= b.length) return trace(a, b, history, offset);
    }
    reach = reach.slice();
  }
  return [
    ...a.map((text): DiffLine => ({ kind: "removed", text })),
    ...b.map((text): DiffLine => ({ kind: "added", text })),
  ];
}

/** The way back through the furthest reaches. */
function trace(a: readonly string[], b: readonly string[], history: readonly Int32Array[], offset: number): DiffLine[] {
  const found: DiffLine[] = [];
  let [x, y] = [a.length, b.length];
  for (let changes = history.length - 1; changes >= 0; changes--) {
    const reach = history[changes] ?? new Int32Array(0);
    const diagonal = x - y;
    const isDown =
      diagonal === -changes ||
      (diagonal !== changes && at(reach, offset + diagonal - 1) < at(reach, offset + diagonal + 1));
    const before = isDown ? diagonal + 1 : diagonal - 1;
    const fromX = at(reach, offset + before);
    const fromY = fromX - before;
    while (
      x > Math.max(0, fromX) &&
      y > Math.max(0, fromY) &&
      (changes === 0 || x > fromX + (isDown ? 0 : 1) || y > fromY + (isDown ? 1 : 0))
    ) {
      x--;
      y--;
      found.push({ kind: "same", text: a[x] ?? "" });
    }
    if (changes === 0) break;
    if (isDown) found.push({ kind: "added", text: b[--y] ?? "" });
    else found.push({ kind: "removed", text: a[--x] ?? "" });
  }
  return found.reverse();
}

function at(reach: Int32Array, place: number): number {
  return reach[place] ?? 0;
}

function lines(text: string): string[] {
  return text === "" ? [] : text.replace(/\r\n?/g, "\n").replace(/\n$/, "").split("\n");
}

/** Long stretches of equal lines, all but three at each end, as their number. */
export type Block = DiffLine | { readonly kind: "skipped"; readonly count: number };

export function folded(all: readonly DiffLine[], around = 3): Block[] {
  const blocks: Block[] = [];
  let begin = 0;
  while (begin < all.length) {
    let end = begin;
    while (end < all.length && all[end]?.kind === "same") end++;
    const head = begin === 0 ? 0 : around;
    const tail = end === all.length ? 0 : around;
    if (end - begin > head + tail + 1) {
      blocks.push(...all.slice(begin, begin + head), { kind: "skipped", count: end - begin - head - tail });
      blocks.push(...all.slice(end - tail, end));
    } else {
      blocks.push(...all.slice(begin, end));
    }
    if (end < all.length) blocks.push(all[end] as DiffLine);
    begin = end + 1;
  }
  return blocks;
}
