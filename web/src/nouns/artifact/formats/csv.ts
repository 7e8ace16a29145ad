/** The first rows of a CSV or TSV file. */

import type { Table } from "./table";
import { wholeLines } from "./text";

export const MAX_ROWS = 200;

/** `isCut`: the text is the head of a longer file. */
export async function readCsv(text: string, isCut: boolean): Promise<Table> {
  const { default: papa } = await import("papaparse");
  const whole = isCut ? wholeLines(text) : text;
  const parsed = papa.parse<string[]>(whole, {
    delimiter: separatorOf(whole),
    preview: MAX_ROWS + 2,
    skipEmptyLines: "greedy",
    worker: false,
  });
  const [header = [], ...rows] = parsed.data;
  const width = rows.reduce((most, row) => Math.max(most, row.length), header.length);
  const columns = Array.from({ length: width }, (_, at) => header[at] ?? "");
  const shown = rows.slice(0, MAX_ROWS).map((row) => columns.map((_, at) => row[at] ?? ""));
  return { columns, rows: shown, totalRows: isCut || rows.length > MAX_ROWS ? undefined : rows.length };
}

/** The candidate that stands most often in the first line, outside of quotes. */
export function separatorOf(text: string): string {
  const line = /^[^\n]*/.exec(text.slice(0, 10_000))?.[0] ?? "";
  const first = line.replace(/"(?:[^"]|"")*"/g, "");
  const counts = [",", ";", "\t", "|"].map((each) => ({ each, count: first.split(each).length }));
  return counts.reduce((best, next) => (next.count > best.count ? next : best)).each;
}
