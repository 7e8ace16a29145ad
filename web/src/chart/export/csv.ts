/** What a chart shows, as CSV.  Pure. */
import type { Line } from "../scene/line";

/** One row a bucket or point.  Cells that a spreadsheet would take for a formula begin with an apostrophe. */
export function toCsv(lines: readonly Line[], xName: string): string {
  const isSmoothed = lines.some((line) => line.values !== line.series.last);
  const head = ["run_id", "run", "metric", xName, "value", "min", "max", "points", ...(isSmoothed ? ["smoothed"] : [])];
  const rows = [head.map(cell).join(",")];
  for (const { series, label, values } of lines) {
    const begin = [series.runId, label, series.key].map(cell).join(",");
    for (let at = 0; at < series.x.length; at++) {
      const numbers = [series.x[at], series.last[at], series.min[at], series.max[at], series.count[at]];
      if (isSmoothed) numbers.push(values[at]);
      rows.push(`${begin},${numbers.join(",")}`);
    }
  }
  return `${rows.join("\r\n")}\r\n`;
}

export function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A name for a file: without characters that file systems refuse, and not too long. */
export function fileName(name: string, kind: string): string {
  const clean = name
    // eslint-disable-next-line no-control-regex -- file systems refuse these
    .replace(/[\u0000-\u001f\u007f<>:"/\\|?*\p{Cf}\p{Surrogate}]+/gu, "_")
    .replace(/^[.\s]+|[.\s]+$/g, "");
  return `${[...clean].slice(0, 80).join("") || "chart"}.${kind}`;
}
