import { shown, type Span } from "./trace";

export interface Line {
  span: Span;
  depth: number;
  /** The number of its child spans. */
  children: number;
}

/** The spans of a trace as a tree.  A span whose parent is not there is a root; a circle of parents is cut at its first
 *  span, so that each span is in the tree once. */
export class SpanTree {
  readonly #below = new Map<string, Span[]>();
  readonly #roots: Span[] = [];
  readonly count: number;
  /** From the first start to the last end, in milliseconds since 1970. */
  readonly startMs: number;
  readonly endMs: number;

  constructor(spans: readonly Span[]) {
    const byId = new Map(spans.map((span) => [span.id, span]));
    const sorted = [...byId.values()].sort((a, b) => a.startMs - b.startMs);
    this.count = sorted.length;
    for (const span of sorted) {
      if (!span.parent || span.parent === span.id || !byId.has(span.parent)) this.#roots.push(span);
      else {
        const beside = this.#below.get(span.parent);
        if (beside) beside.push(span);
        else this.#below.set(span.parent, [span]);
      }
    }
    const reached = new Set(this.#walk(this.#roots));
    for (const span of sorted) {
      if (reached.has(span)) continue;
      this.#roots.push(span); // the first of a circle
      for (const each of this.#walk([span], reached)) reached.add(each);
    }
    let start = Infinity;
    let end = -Infinity;
    for (const span of sorted) {
      start = Math.min(start, span.startMs);
      end = Math.max(end, span.endMs ?? span.startMs);
    }
    this.startMs = Number.isFinite(start) ? start : 0;
    this.endMs = Number.isFinite(end) ? end : this.startMs;
  }

  /** The name of the first root, which a trace without a name takes. */
  get name(): string {
    return this.#roots[0]?.name ?? "";
  }

  /** The first root span, which has the input and the output of the trace. */
  get root(): Span | undefined {
    return this.#roots[0];
  }

  /** Where a failure began: the first failed span without a failed span below it. */
  get origin(): Span | undefined {
    return this.lines(new Set())
      .map((line) => line.span)
      .find((span) => span.status === "ERROR" && !this.#below.get(span.id)?.some((each) => each.status === "ERROR"));
  }

  /** The lines to show.  With `wanted`, only its spans and their ancestors; closed spans hide nothing then. */
  lines(closed: ReadonlySet<string>, wanted?: ReadonlySet<string>): Line[] {
    const found: Line[] = [];
    const seen = new Set<string>();
    const stack = this.#roots.map((span) => ({ span, depth: 0 })).reverse();
    for (let next = stack.pop(); next; next = stack.pop()) {
      const { span, depth } = next;
      if (seen.has(span.id)) continue;
      seen.add(span.id);
      const below = this.#below.get(span.id) ?? [];
      if (!wanted || wanted.has(span.id)) found.push({ span, depth, children: below.length });
      if (!wanted && closed.has(span.id)) continue;
      for (let at = below.length - 1; at >= 0; at--) {
        const child = below[at];
        if (child) stack.push({ span: child, depth: depth + 1 });
      }
    }
    return found;
  }

  /** The ids of spans that have a text in their name, type, message or attributes, and of all their ancestors. */
  matching(text: string): Set<string> {
    const needle = text.toLowerCase();
    const found = new Set<string>();
    const path: Span[] = [];
    const seen = new Set<string>();
    const stack = this.#roots.map((span) => ({ span, depth: 0 })).reverse();
    for (let next = stack.pop(); next; next = stack.pop()) {
      const { span, depth } = next;
      if (seen.has(span.id)) continue;
      seen.add(span.id);
      path.length = depth;
      path.push(span);
      if (has(span, needle)) {
        for (let at = path.length - 1; at >= 0; at--) {
          const id = path[at]?.id ?? "";
          if (found.has(id)) break; // and so is all above it
          found.add(id);
        }
      }
      for (const child of [...(this.#below.get(span.id) ?? [])].reverse())
        stack.push({ span: child, depth: depth + 1 });
    }
    return found;
  }

  *#walk(from: readonly Span[], known: ReadonlySet<Span> = new Set()): Generator<Span> {
    const seen = new Set(known);
    const stack = [...from];
    for (let span = stack.pop(); span; span = stack.pop()) {
      if (seen.has(span)) continue;
      seen.add(span);
      yield span;
      stack.push(...(this.#below.get(span.id) ?? []));
    }
  }
}

function has(span: Span, needle: string): boolean {
  return [span.name, span.type, span.message, shown(span.attributes)].some((each) =>
    each.toLowerCase().includes(needle),
  );
}

/** Where the bar of a span stands, as shares of the width of the timeline. */
export function barOf(span: Span, startMs: number, endMs: number): { left: number; width: number } {
  const whole = endMs - startMs;
  if (!(whole > 0)) return { left: 0, width: 1 };
  const left = Math.min(Math.max((span.startMs - startMs) / whole, 0), 1);
  const end = Math.min(Math.max(((span.endMs ?? endMs) - startMs) / whole, left), 1);
  return { left, width: end - left };
}
