/** A report as one HTML file: data, pictures and style are in it, and it has no script.  Pure.
 *
 * Names, notes and values are anybody's: all text goes through `escape`.  The file forbids itself scripts, requests and
 * forms, so that even a mistake here could not run or send anything. */
import { escape } from "@/chart/scene/svg";

export type Part =
  | { kind: "facts"; title: string; facts: readonly (readonly [string, string])[] }
  | {
      kind: "table";
      title: string;
      note?: string;
      columns: readonly ReportColumn[];
      rows: readonly (readonly string[])[];
    }
  | { kind: "text"; title: string; text: string }
  /** `svgs` are documents of `SvgPen`, which escapes by itself. */
  | { kind: "charts"; title: string; note?: string; svgs: readonly string[] };

export interface ReportColumn {
  name: string;
  isNumber: boolean;
}

export interface Report {
  title: string;
  /** Where the report comes from, and when. */
  origin: string;
  language: string;
  parts: readonly Part[];
}

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
const STYLE = `
:root { color-scheme: light; font: 13px/20px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; color: #191d23; }
body { max-width: 1240px; margin: 24px auto; padding: 0 16px; }
h1 { font-size: 20px; line-height: 28px; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 16px; line-height: 24px; margin: 24px 0 8px; }
p { margin: 4px 0; color: #5c6472; overflow-wrap: anywhere; }
div { overflow-x: auto; }
table { border-collapse: collapse; font-size: 12px; line-height: 16px; }
th, td { padding: 6px 12px; border: 1px solid #dde1e7; text-align: start; overflow-wrap: anywhere; max-width: 32rem; }
th { background: #f6f7f9; font-weight: 500; color: #434b58; }
.n { text-align: end; font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: nowrap; }
pre { padding: 12px; background: #f6f7f9; white-space: pre-wrap; overflow-wrap: anywhere; }
section > svg { margin: 0 12px 12px 0; border: 1px solid #dde1e7; border-radius: 6px; max-width: 100%; height: auto; }
`;

export function toHtml({ title, origin, language, parts }: Report): string {
  return `<!doctype html>
<html lang="${escape(language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escape(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escape(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escape(title)}</h1>
<p>${escape(origin)}</p>
${parts.map(section).join("\n")}
</body>
</html>
`;
}

function section(part: Part): string {
  const note = "note" in part && part.note ? `<p>${escape(part.note)}</p>` : "";
  return `<section><h2>${escape(part.title)}</h2>${note}${content(part)}</section>`;
}

function content(part: Part): string {
  switch (part.kind) {
    case "facts": {
      const rows = part.facts.map(
        ([name, value]) => `<tr><th scope="row">${escape(name)}</th><td>${escape(value)}</td></tr>`,
      );
      return `<div><table><tbody>${rows.join("")}</tbody></table></div>`;
    }
    case "table": {
      const mark = part.columns.map((column) => (column.isNumber ? ' class="n"' : ""));
      const head = part.columns.map(({ name }, at) => `<th scope="col"${mark[at] ?? ""}>${escape(name)}</th>`);
      const rows = part.rows.map(
        (row) => `<tr>${row.map((cell, at) => `<td${mark[at] ?? ""}>${escape(cell)}</td>`).join("")}</tr>`,
      );
      return `<div><table><thead><tr>${head.join("")}</tr></thead><tbody>${rows.join("\n")}</tbody></table></div>`;
    }
    case "text":
      return `<pre>${escape(part.text)}</pre>`;
    case "charts":
      return part.svgs.join("\n");
  }
}
