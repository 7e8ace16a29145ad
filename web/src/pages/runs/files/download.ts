/** Downloads of the table that the browser creates: Parquet, and a report as one HTML file. */
import { api } from "@/api/client";
import { shownName } from "@/nouns/run/name";
import type { components } from "@/api/schema";
import { fileName } from "@/chart/export/csv";
import { MOST_CHARTS, reportCharts } from "@/chart/export/report";
import { save } from "@/chart/export/save";
import { fromQuery } from "@/chart/settings";
import { router } from "@/app/router.svelte";
import { locale } from "@/i18n/catalogue.svelte";
import { formatDate, formatDuration, formatValue } from "@/i18n/format";
import { plain } from "@/nouns/run/dataset";
import { parseField } from "@/nouns/run/field";
import { toHtml, type Part } from "@/nouns/report/html";
import { strings as runWords } from "@/nouns/run/strings";
import { columnsOf, type TableRows } from "./parquet";
import type { RunsState } from "../state.svelte";
import { strings } from "../strings";
import type { Tell } from "./work";

const WINDOW = 5000;
/** A page of more rows is no report any more. */
const MOST_ROWS = 2000;

export async function saveParquet(page: RunsState, name: string, signal: AbortSignal, tell: Tell): Promise<void> {
  const { parquetWriteBuffer } = await import("hyparquet-writer");
  const rows = await allRows(page, Number.POSITIVE_INFINITY, signal, tell);
  const content = parquetWriteBuffer({ columnData: columnsOf(rows) });
  save(new Blob([content], { type: "application/vnd.apache.parquet" }), "", fileName(name, "parquet"));
}

export async function saveReport(page: RunsState, name: string, signal: AbortSignal, tell: Tell): Promise<void> {
  const rows = await allRows(page, MOST_ROWS, signal, tell);
  const { runs, svgs, metrics } = await charts(page, signal);
  const t = strings.t;
  const filter = page.view.filter;
  const told = rows.matching > rows.info.run_id.length ? t.reportRows(rows.info.run_id.length, rows.matching) : "";
  const table = tableOf(rows);
  const parts: Part[] = [
    ...(filter ? [{ kind: "text", title: t.filter, text: filter } as const] : []),
    {
      kind: "charts",
      title: t.reportCharts(runs),
      svgs,
      ...(metrics > MOST_CHARTS ? { note: t.reportFirst(MOST_CHARTS, metrics) } : {}),
    },
    { kind: "table", title: t.count(rows.matching, rows.total), note: told, ...table },
  ];
  const origin = `${location.href} · ${formatDate(Date.now())}`;
  save(toHtml({ title: name, origin, language: locale.language, parts }), "text/html", fileName(name, "html"));
}

async function charts(page: RunsState, signal: AbortSignal) {
  const { plotted } = page;
  if (plotted.unknown.length) await plotted.name(plotted.unknown, signal);
  return { runs: plotted.runs.length, ...(await reportCharts(plotted.runs, fromQuery(router.query), signal)) };
}

/** The chosen rows, or all that match, in the order of the view: window after window of one snapshot. */
async function allRows(page: RunsState, most: number, signal: AbortSignal, tell: Tell): Promise<TableRows> {
  const { ids, isAll } = page.selection;
  const { experimentIds, filter, lifecycle, columns, orderBy } = page.asked;
  const selection = ids.size && !isAll ? { run_ids: [...ids] } : { filter };
  const info: Record<string, (string | number | boolean | null)[]> = { run_id: [] };
  const cells: TableRows["cells"] = columns.map(() => []);
  let window: components["schemas"]["Window"];
  let snapshot: string | undefined;
  do {
    const body = {
      experiment_ids: experimentIds,
      lifecycle,
      columns,
      order_by: orderBy,
      ...selection,
      offset: info["run_id"]?.length ?? 0,
      max_results: Math.min(WINDOW, most - (info["run_id"]?.length ?? 0)),
      ...(snapshot === undefined ? {} : { snapshot }),
    };
    window = await api.post("/api/trackside/v1/runs/table", { body, signal });
    snapshot = window.snapshot;
    for (const [key, values] of Object.entries(window.runs)) (info[key] ??= []).push(...values);
    window.columns.forEach((values, at) => cells[at]?.push(...values.map(plain)));
    tell(info["run_id"]?.length ?? 0, Math.min(window.matching, most));
  } while (window.runs.run_id?.length && (info["run_id"]?.length ?? 0) < Math.min(window.matching, most));
  return { info: info as TableRows["info"], fields: columns, cells, matching: window.matching, total: window.total };
}

function tableOf({ info, fields, cells }: TableRows) {
  const t = strings.t;
  const status = runWords.t as Record<string, string>;
  const attributes = t.attributes as Record<string, string>;
  const columns = [
    { name: attributes["run_name"] ?? "", isNumber: false },
    { name: attributes["status"] ?? "", isNumber: false },
    { name: attributes["start_time"] ?? "", isNumber: false },
    { name: attributes["duration"] ?? "", isNumber: true },
    ...fields.map((field) => {
      const { kind, key, aggregate } = parseField(field);
      const name = kind === "attribute" ? (attributes[key] ?? key) : key;
      return { name: aggregate === "last" ? name : `${aggregate}(${key})`, isNumber: kind === "metric" };
    }),
  ];
  const rows = info.run_id.map((id, at) => {
    const [start, end] = [info.start_time[at] ?? null, info.end_time[at] ?? null];
    return [
      shownName(info.run_name[at], id),
      status[info.status[at] ?? ""] ?? info.status[at] ?? "",
      start === null ? "" : formatDate(start),
      start === null || end === null ? "" : formatDuration(Math.max(end - start, 0)),
      ...fields.map((field, column) => {
        const value = cells[column]?.[at] ?? null;
        if (value === null) return "";
        return parseField(field).kind === "metric" ? formatValue(Number(value)) : String(value);
      }),
    ];
  });
  return { columns, rows };
}
