/** Tables in JSON as `mlflow.log_table` writes them: `{"columns": [...], "data": [[...], ...]}`, pandas' orient `split`. */

import { cellOf } from "./parquet";
import type { Table } from "./table";

export const MAX_ROWS = 200;
/** A table can be read from its whole text alone; a longer file is shown as text. */
export const MAX_BYTES = 4 * 1024 * 1024;

/** Whether a file that begins so may be a table. */
export function isSplit(head: string): boolean {
  return /^\s*\{\s*"(columns|index|data)"\s*:\s*\[/.test(head);
}

/** A call for each value takes twelve times as long as the parser alone, so files without such a number go without. */
const LONG = /(?<![\d.])\d{16}/;

/** Gives a long whole number its digits: a double would change them.  Browsers from before 2025 do not tell the source. */
function exact(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== "number" || Number.isSafeInteger(value) || !source || !/^-?\d+$/.test(source)) return value;
  return BigInt(source);
}

/** Return undefined where the text is other JSON, or none. */
export function readSplit(text: string): Table | undefined {
  let found: unknown;
  try {
    found = JSON.parse(text, LONG.test(text) ? exact : undefined);
  } catch {
    return undefined;
  }
  if (typeof found !== "object" || found === null || !("columns" in found) || !("data" in found)) return undefined;
  const { columns, data } = found;
  if (!Array.isArray(columns) || !Array.isArray(data)) return undefined;
  const rows: unknown[][] = data.filter((row) => Array.isArray(row) && row.length === columns.length);
  if (columns.length === 0 || rows.length !== data.length) return undefined;
  return {
    columns: columns.map(cellOf),
    rows: rows.slice(0, MAX_ROWS).map((row) => row.map(cellOf)),
    totalRows: rows.length,
  };
}
