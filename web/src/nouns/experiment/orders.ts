/** The order of a table of runs, as its address says it: `-metrics.auc,params.lr`.  Pure. */

export interface Order {
  field: string;
  direction: "asc" | "desc";
}

export function readOrder(text: string | null): Order[] {
  return items(text).map((each) =>
    each.startsWith("-")
      ? { field: unescape(each.slice(1)), direction: "desc" }
      : { field: unescape(each), direction: "asc" },
  );
}

export function writeOrder(order: readonly Order[]): string | null {
  return list(order.map(({ field, direction }) => (direction === "desc" ? `-${escape(field)}` : escape(field))));
}

/** What `order_by` of the table's call takes. */
export function ordersOf(query: URLSearchParams): string[] {
  return readOrder(query.get("order")).map(({ field, direction }) => `${field} ${direction.toUpperCase()}`);
}

export function list(texts: readonly string[]): string | null {
  return texts.length ? texts.join(",") : null;
}

export function items(text: string | null): string[] {
  return (text ?? "").split(",").filter(Boolean);
}

/** `,` and `!` part the texts, and a first `-` means an order; all else stays readable. */
export function escape(text: string): string {
  return text.replace(/[%,!]|^-/g, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

export function unescape(text: string): string {
  return text.replace(/%([0-9a-f]{2})/g, (_whole, code: string) => String.fromCharCode(parseInt(code, 16)));
}
