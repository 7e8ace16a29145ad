import type { Direction } from "@/grid/column";

/** What the table of an experiment shows, and how its address says it. */
export interface Column {
  field: string;
  widthPx?: number;
  isPinned?: boolean;
  /** Coloured by value. */
  isTinted?: boolean;
}

export interface Order {
  field: string;
  direction: Direction;
}

export type Lifecycle = "active" | "deleted";

export interface View {
  filter: string;
  lifecycle: Lifecycle;
  order: Order[];
  /** null: chosen by what the runs have. */
  columns: Column[] | null;
  groupBy: string[];
  /** Children below their parents, or all runs in one list. */
  isTree: boolean;
}

export const PLAIN_VIEW: View = {
  filter: "",
  lifecycle: "active",
  order: [],
  columns: null,
  groupBy: [],
  isTree: true,
};

const NAMES = ["q", "life", "order", "cols", "group", "flat"] as const;
type Query = Record<(typeof NAMES)[number], string | null>;

/** The parts of a query that say a view; what is as in a plain view is left out. */
export function toQuery(view: View): Query {
  return {
    q: view.filter || null,
    life: view.lifecycle === "active" ? null : view.lifecycle,
    order: list(view.order.map(({ field, direction }) => (direction === "desc" ? `-${escape(field)}` : escape(field)))),
    cols: view.columns && (list(view.columns.map(columnText)) ?? "none"),
    group: list(view.groupBy.map(escape)),
    flat: view.isTree ? null : "1",
  };
}

export function fromQuery(query: URLSearchParams): View {
  return {
    filter: query.get("q") ?? "",
    lifecycle: query.get("life") === "deleted" ? "deleted" : "active",
    order: items(query.get("order")).map((text) =>
      text.startsWith("-")
        ? { field: unescape(text.slice(1)), direction: "desc" }
        : { field: unescape(text), direction: "asc" },
    ),
    columns:
      query.get("cols") === null ? null : query.get("cols") === "none" ? [] : items(query.get("cols")).map(toColumn),
    groupBy: items(query.get("group")).map(unescape),
    isTree: query.get("flat") === null,
  };
}

export function hasView(query: URLSearchParams): boolean {
  return NAMES.some((name) => query.has(name));
}

/** `metrics.loss`, with `!p` if it is pinned, `!t` if it is coloured, `!120` for its width. */
function columnText({ field, widthPx, isPinned, isTinted }: Column): string {
  return [escape(field), isPinned && "p", isTinted && "t", widthPx && String(Math.round(widthPx))]
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
  };
}

function list(texts: string[]): string | null {
  return texts.length ? texts.join(",") : null;
}

function items(text: string | null): string[] {
  return (text ?? "").split(",").filter(Boolean);
}

/** `,` and `!` part the texts, and a first `-` means an order; all else stays readable. */
function escape(text: string): string {
  return text.replace(/[%,!]|^-/g, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

function unescape(text: string): string {
  return text.replace(/%([0-9a-f]{2})/g, (_whole, code: string) => String.fromCharCode(parseInt(code, 16)));
}
