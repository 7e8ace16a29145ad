/** The lines in which two texts differ, and the words in which two lines differ.  Pure. */

export interface DiffLine {
  readonly kind: "same" | "removed" | "added";
  readonly text: string;
  /** The text in pieces, if the line replaces another one that is alike. */
  readonly pieces?: readonly Piece[];
}

export interface Piece {
  readonly text: string;
  readonly isChanged: boolean;
}

/** With more differences, the search for the smallest diff would take seconds: everything counts as replaced. */
const MOST_CHANGES = 2000;
const MOST_CHANGES_OF_A_LINE = 200;
/** Lines that have a smaller share of their characters in common are not alike. */
const ALIKE = 0.4;

/** The shortest edit of `left` to `right` by lines (Myers, 1986). */
export function diff(left: string, right: string): DiffLine[] {
  return shortest(lines(left), lines(right), MOST_CHANGES);
}

/** The same, where a line that replaces one that is alike has the words marked that differ. */
export function marked(all: readonly DiffLine[]): DiffLine[] {
  const found: DiffLine[] = [];
  let begin = 0;
  while (begin < all.length) {
    const removed = stretch(all, begin, "removed");
    const added = stretch(all, begin + removed.length, "added");
    if (removed.length + added.length === 0) {
      found.push(...all.slice(begin, ++begin));
      continue;
    }
    const pairs = removed.slice(0, added.length).map((line, at) => pieces(line.text, added[at]?.text ?? ""));
    found.push(...removed.map((line, at) => ({ ...line, ...pairs[at]?.[0] })));
    found.push(...added.map((line, at) => ({ ...line, ...pairs[at]?.[1] })));
    begin += removed.length + added.length;
  }
  return found;
}

function stretch(all: readonly DiffLine[], begin: number, kind: DiffLine["kind"]): DiffLine[] {
  const end = all.findIndex((line, at) => at >= begin && line.kind !== kind);
  return all.slice(begin, end === -1 ? all.length : end);
}

type Pieces = Required<Pick<DiffLine, "pieces">>;

/** The pieces of two lines; undefined if the lines are not alike. */
function pieces(left: string, right: string): [Pieces, Pieces] | undefined {
  const edits = shortest(tokens(left), tokens(right), MOST_CHANGES_OF_A_LINE);
  const common = edits.reduce((sum, { kind, text }) => sum + (kind === "same" ? text.trim().length : 0), 0);
  if (common < ALIKE * Math.max(left.trim().length, right.trim().length)) return undefined;
  return [{ pieces: side(edits, "removed") }, { pieces: side(edits, "added") }];
}

function side(edits: readonly DiffLine[], kind: "removed" | "added"): Piece[] {
  const found: { text: string; isChanged: boolean }[] = [];
  for (const edit of edits) {
    if (edit.kind !== "same" && edit.kind !== kind) continue;
    const isChanged = edit.kind === kind;
    const last = found.at(-1);
    if (last?.isChanged === isChanged) last.text += edit.text;
    else found.push({ text: edit.text, isChanged });
  }
  return found;
}

/** Words, spaces, and each other character by itself. */
function tokens(line: string): string[] {
  return line.match(/[\p{L}\p{M}\p{N}_]+|\s+|[^\p{L}\p{M}\p{N}_\s]/gu) ?? [];
}

function shortest(a: readonly string[], b: readonly string[], mostChanges: number): DiffLine[] {
  let begin = 0;
  while (begin < a.length && begin < b.length && a[begin] === b[begin]) begin++;
  let end = 0;
  while (end < a.length - begin && end < b.length - begin && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const same = (text: string): DiffLine => ({ kind: "same", text });
  return [
    ...a.slice(0, begin).map(same),
    ...middle(a.slice(begin, a.length - end), b.slice(begin, b.length - end), mostChanges),
    ...a.slice(a.length - end).map(same),
  ];
}

function middle(a: readonly string[], b: readonly string[], mostChanges: number): DiffLine[] {
  const most = Math.min(a.length + b.length, mostChanges);
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
