/** What a search orders by. */
export interface Order {
  field: string;
  isDescending: boolean;
}

export const NEWEST: Order = { field: "timestamp_ms", isDescending: true };

export function parseOrder(text: string | null): Order {
  const [, field = "", way = ""] = /^(timestamp_ms|execution_time_ms|name|status) (ASC|DESC)$/.exec(text ?? "") ?? [];
  return field ? { field, isDescending: way === "DESC" } : NEWEST;
}

export function formatOrder({ field, isDescending }: Order): string {
  return `${field} ${isDescending ? "DESC" : "ASC"}`;
}

/** The next order after a click on a header: the other way round, or this column from its top. */
export function nextOrder(order: Order, field: string): Order {
  if (order.field === field) return { field, isDescending: !order.isDescending };
  return { field, isDescending: field === "timestamp_ms" || field === "execution_time_ms" };
}
