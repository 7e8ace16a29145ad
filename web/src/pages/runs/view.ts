import { readColours, readPins, writeColours, writePins, type VIEW_PARTS } from "@/nouns/experiment/marks";
import { escape, items, list, readOrder, unescape, writeOrder, type Order } from "@/nouns/experiment/orders";
import { EXPERIMENT, formatField, parseField } from "@/nouns/run/field";

/** What the table of an experiment shows, and how its address says it. */
export interface Column {
  field: string;
  widthPx?: number;
  isPinned?: boolean;
  /** Coloured by value. */
  isTinted?: boolean;
  /** Of a metric: its curve beside the value. */
  hasCurve?: boolean;
}

export type Lifecycle = "active" | "deleted";

/** Children below their parents, all runs in one list, or what `isNested` decides. */
export type Nesting = "tree" | "flat" | "auto";

export interface View {
  filter: string;
  lifecycle: Lifecycle;
  order: Order[];
  /** null: chosen by what the runs have. */
  columns: Column[] | null;
  groupBy: string[];
  nesting: Nesting;
  /** Runs that stand above the others, and on the charts. */
  pins: string[];
  /** The slot of the palette that was chosen for a run. */
  colours: ReadonlyMap<string, number>;
}

export const PLAIN_VIEW: View = {
  filter: "",
  lifecycle: "active",
  order: [],
  columns: null,
  groupBy: [],
  nesting: "auto",
  pins: [],
  colours: new Map(),
};

type Query = Record<(typeof VIEW_PARTS)[number], string | null>;

/** The parts of a query that say a view; what is as in a plain view is left out. */
export function toQuery(view: View): Query {
  return {
    q: view.filter || null,
    life: view.lifecycle === "active" ? null : view.lifecycle,
    order: writeOrder(view.order),
    cols: view.columns && (list(view.columns.map(columnText)) ?? "none"),
    group: list(view.groupBy.map(escape)),
    flat: { auto: null, flat: "1", tree: "0" }[view.nesting],
    pins: writePins(view.pins),
    colours: writeColours(view.colours),
  };
}

export function fromQuery(query: URLSearchParams): View {
  return {
    filter: query.get("q") ?? "",
    lifecycle: query.get("life") === "deleted" ? "deleted" : "active",
    order: readOrder(query.get("order")),
    columns:
      query.get("cols") === null ? null : query.get("cols") === "none" ? [] : items(query.get("cols")).map(toColumn),
    groupBy: items(query.get("group")).map(unescape),
    nesting: query.get("flat") === null ? "auto" : query.get("flat") === "0" ? "tree" : "flat",
    pins: readPins(query),
    colours: readColours(query),
  };
}

/** Whether children stand below their parents.  Without a choice: only where runs are listed as they came.  Parents of a sweep
 *  often have no metrics, so a tree would hide the best run, the found runs, and the runs that are drawn. */
export function isNested(view: View, isBesideCharts: boolean): boolean {
  if (view.nesting !== "auto") return view.nesting === "tree";
  return !view.filter && !view.order.length && !isBesideCharts;
}

/** Attributes that have a column and can order runs; the name is always shown. */
const ORDERING = ["status", "start_time", "end_time", "duration", "user_id", "run_id"];

/** The columns, and before the values those that order the rows and are not among them. */
export function withOrder(columns: readonly Column[], order: readonly Order[]): Column[] {
  const nameOf = (field: string): string => formatField(parseField(field));
  const shown = new Set(columns.map(({ field }) => nameOf(field)));
  const more = order
    .map(({ field }) => ({ field }))
    .filter(({ field }) => !shown.has(nameOf(field)))
    .filter(({ field }) => parseField(field).kind !== "attribute" || ORDERING.includes(field));
  const first = columns.findIndex(({ field }) => !["status", EXPERIMENT].includes(field));
  return first < 0 ? [...columns, ...more] : columns.toSpliced(first, 0, ...more);
}

/** `metrics.loss`, with `!p` if it is pinned, `!t` if it is coloured, `!c` if it has curves, `!120` for its width. */
function columnText({ field, widthPx, isPinned, isTinted, hasCurve }: Column): string {
  return [escape(field), isPinned && "p", isTinted && "t", hasCurve && "c", widthPx && String(Math.round(widthPx))]
    .filter(Boolean)
    .join("!");
}

function toColumn(text: string): Column {
  const [field = "", ...marks] = text.split("!");
  const width = Number(marks.find((mark) => /^\d+$/.test(mark)));
  return {
    field: unescape(field),
    ...(width ? { widthPx: width } : {}),
    ...(marks.includes("p") ? { isPinned: true } : {}),
    ...(marks.includes("t") ? { isTinted: true } : {}),
    ...(marks.includes("c") ? { hasCurve: true } : {}),
  };
}
