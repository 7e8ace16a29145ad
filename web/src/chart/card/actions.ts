/** What can be done with one chart: larger, as a table, as a file. */
import { apiUrl } from "@/app/workspace";
import type { Action } from "@/app/action";
import { send } from "@/api/client";
import { asFailure } from "@/api/failure";
import { formatValue } from "@/i18n/format";
import { locale } from "@/i18n/catalogue.svelte";
import { toasts } from "@/ui/toast/toasts.svelte";
import { fileName, toCsv } from "../export/csv";
import type { Picture } from "../export/picture";
import { pngOf, save, svgOf } from "../export/save";
import type { PlottedRun } from "../plottedRun";
import type { Line } from "../scene/line";
import type { Sampling } from "../series/series";
import type { Settings } from "../settings";
import { strings } from "../strings";
import type { ChartAxes } from "./axes";
import type { Bar } from "./bars";
import { colours } from "./colours.svelte";

interface Card {
  readonly title: string;
  readonly runs: readonly PlottedRun[];
  readonly lines: readonly Line[];
  readonly bars: readonly Bar[] | null;
  readonly axes: ChartAxes & { readonly width: number; readonly height: number };
  readonly told: Sampling;
  readonly settings: Settings;
  readonly showFull: () => void;
  readonly showTable: () => void;
}

export function cardActions(card: Card): Action[] {
  const { title, lines } = card;
  const enabled = lines.length > 0;
  return [
    { id: "chart-full", label: strings.t.fullScreen, run: card.showFull },
    { id: "chart-table", label: strings.t.asTable, icon: "table", enabled, run: card.showTable },
    {
      id: "chart-png",
      label: strings.t.png,
      icon: "download",
      starts: true,
      enabled,
      run: () => tell(async () => save(await pngOf(pictureOf(card)), "image/png", fileName(title, "png"))),
    },
    {
      id: "chart-svg",
      label: strings.t.svg,
      icon: "download",
      enabled,
      run: () => save(svgOf(pictureOf(card)), "image/svg+xml", fileName(title, "svg")),
    },
    {
      id: "chart-csv",
      label: strings.t.csv,
      icon: "download",
      enabled,
      run: () => save(toCsv(lines, card.axes.x.label), "text/csv", fileName(title, "csv")),
    },
    {
      id: "chart-csv-all",
      label: strings.t.csvAll,
      icon: "download",
      enabled,
      run: () => tell(async () => save(await allPoints(card), "text/csv", fileName(`${title}-all`, "csv"))),
    },
  ];
}

function pictureOf({ title, axes, lines, bars, told, settings }: Card): Picture {
  const notes = [
    told.exact ? strings.t.exactLine(told.total) : strings.t.sampleLine(told.shown, told.total),
    ...(settings.smoothing ? [strings.t.ema(settings.smoothing)] : []),
    ...(told.odd ? [strings.t.odd(told.odd)] : []),
  ];
  return {
    title,
    notes: notes.join(" · "),
    origin: location.href,
    axes: { ...axes, locale: locale.tag },
    lines,
    bars: bars?.map((bar) => ({ ...bar, text: formatValue(bar.value) })) ?? null,
    look: { highlighted: null, isSmoothed: settings.smoothing > 0 },
    theme: colours.now,
  };
}

async function allPoints({ runs, title }: Card): Promise<Blob> {
  const body = { series: runs.map(({ runId }) => ({ run_id: runId, key: title })), format: "csv" };
  const answer = await send(apiUrl("api/trackside/v1/metrics/export"), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return answer.blob();
}

function tell(work: () => Promise<void>): void {
  work().catch((error: unknown) => toasts.failed(asFailure(error).message));
}
