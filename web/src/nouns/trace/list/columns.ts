import { formatCount, formatDuration } from "@/i18n/format";
import type { GridColumn } from "@/grid/column";
import { formatCost } from "@/nouns/trace/cost";
import { previewText } from "@/nouns/trace/preview";
import type { TraceInfo } from "@/nouns/trace/trace";
import type { Order } from "./order";
import { strings } from "./strings";

const WIDTHS: Record<string, number> = {
  select: 40,
  time: 100,
  name: 140,
  state: 90,
  latency: 90,
  tokens: 80,
  cost: 90,
  request: 220,
  response: 220,
  feedback: 200,
  session: 130,
  user: 110,
};
const SORTED: Record<string, string> = {
  time: "timestamp_ms",
  latency: "execution_time_ms",
  name: "name",
  state: "status",
};
const DRAWN = new Set(["select", "time", "name", "state", "feedback", "session"]);
const NUMBERS = new Set(["latency", "tokens", "cost"]);

export function fieldOf(column: GridColumn): string | undefined {
  return SORTED[column.id];
}

export function columnsOf(order: Order, widths: Readonly<Record<string, number>>): GridColumn[] {
  const t = strings.t as unknown as Record<string, string>;
  return Object.entries(WIDTHS).map(([id, widthPx]) => {
    const field = SORTED[id];
    return {
      id,
      name: id === "select" ? "" : (t[id] ?? id),
      widthPx: widths[id] ?? widthPx,
      isPinned: id === "select",
      isFixed: id === "select",
      isNumber: NUMBERS.has(id),
      isDrawn: DRAWN.has(id),
      ...(field
        ? {
            sort: {
              direction: order.field === field ? (order.isDescending ? ("desc" as const) : ("asc" as const)) : null,
              ordinal: null,
            },
          }
        : {}),
    };
  });
}

export function textOf(trace: TraceInfo, column: GridColumn): string {
  switch (column.id) {
    case "latency":
      return trace.durationMs === null ? "–" : formatDuration(trace.durationMs);
    case "tokens":
      return trace.tokens === null ? "–" : formatCount(trace.tokens);
    case "cost":
      return trace.cost === null ? "–" : formatCost(trace.cost);
    case "request":
      return previewText(trace.request);
    case "response":
      return previewText(trace.response);
    case "user":
      return trace.user;
    default:
      return "";
  }
}
