/** Rows of an endpoint's request log.  Pure. */
export interface RequestLog {
  is_on: boolean;
  sampling?: number;
  max_mb?: number;
  keep_days?: number;
}

export type LoggedRow = Record<string, unknown>;

/** The columns of inputs and predictions; those whose name begins with `_` describe the request. */
export function columnsOf(rows: readonly LoggedRow[]): string[] {
  const names = new Set(rows.flatMap((row) => Object.keys(row)));
  const inputs = [...names].filter((name) => !name.startsWith("_"));
  const isPrediction = (name: string): boolean => name === "prediction" || name.startsWith("prediction.");
  return [...inputs.filter((name) => !isPrediction(name)), ...inputs.filter(isPrediction)];
}

export function keyOf(row: LoggedRow): string {
  return `${String(row["_request_id"])} ${String(row["_row"])}`;
}

/** When the request was answered, in ms since 1970. */
export function timeOf(row: LoggedRow): number {
  return Date.parse(String(row["_time"]));
}
