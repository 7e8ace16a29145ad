/** The run as one HTML file. */
import { reportCharts, MOST_CHARTS } from "@/chart/export/report";
import { shownName } from "@/nouns/run/name";
import { fileName } from "@/chart/export/csv";
import { save } from "@/chart/export/save";
import { DEFAULTS } from "@/chart/settings";
import { locale } from "@/i18n/catalogue.svelte";
import { formatDate, formatDuration, formatValue } from "@/i18n/format";
import { toHtml, type Part } from "@/nouns/report/html";
import { toNumber } from "@/nouns/run/run";
import { NOTE_TAG } from "@/nouns/note/note";
import { durationOf, tagsOf, type Run } from "./run";
import { strings } from "./strings";

export async function saveReport(run: Run, experiment: string, signal: AbortSignal): Promise<void> {
  const { info, data } = run;
  const name = shownName(info.run_name, info.run_id);
  const tags = tagsOf(run);
  const duration = durationOf(run);
  const { svgs, metrics } = await reportCharts([{ runId: info.run_id, name, slot: 0 }], DEFAULTS, signal);
  const t = strings.t;
  const facts: [string, string][] = [
    [t.runId, info.run_id],
    [t.experiment, experiment],
    [t.status, info.status],
    [t.user, info.user_id ?? ""],
    [t.started, info.start_time ? formatDate(Number(info.start_time)) : ""],
    [t.duration, duration === undefined ? "" : formatDuration(duration)],
  ];
  const columns = [
    { name: t.name, isNumber: false },
    { name: t.value, isNumber: false },
  ];
  const parts: Part[] = [
    { kind: "facts", title: t.details, facts: facts.filter(([, value]) => value) },
    ...(tags[NOTE_TAG] ? [{ kind: "text", title: t.note, text: tags[NOTE_TAG] } as const] : []),
    {
      kind: "table",
      title: t.metrics,
      columns: [
        { name: t.name, isNumber: false },
        { name: t.last, isNumber: true },
        { name: t.step, isNumber: true },
      ],
      rows: (data.metrics ?? []).map((each) => [each.key, formatValue(toNumber(each.value)), String(each.step)]),
    },
    { kind: "table", title: t.params, columns, rows: (data.params ?? []).map((each) => [each.key, each.value]) },
    {
      kind: "table",
      title: t.tags,
      columns,
      rows: (data.tags ?? []).filter((each) => each.key !== NOTE_TAG).map((each) => [each.key, each.value]),
    },
    {
      kind: "charts",
      title: t.charts,
      svgs,
      ...(metrics > MOST_CHARTS ? { note: t.firstCharts(MOST_CHARTS, metrics) } : {}),
    },
  ];
  const origin = `${location.href} · ${formatDate(Date.now())}`;
  save(toHtml({ title: name, origin, language: locale.language, parts }), "text/html", fileName(name, "html"));
}
