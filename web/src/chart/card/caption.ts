/** A description of a chart for screen readers, in a few sentences. */
import { formatValue } from "@/i18n/format";
import type { Line } from "../scene/line";
import { strings } from "../strings";

const MOST_TOLD = 5;

export interface Summary {
  readonly last: number;
  readonly min: number;
  readonly max: number;
  readonly points: number;
}

export function summaryOf({ series }: Line): Summary {
  let min = Number.NaN;
  let max = Number.NaN;
  for (const value of series.min) if (!(min <= value) && !Number.isNaN(value)) min = value;
  for (const value of series.max) if (!(max >= value) && !Number.isNaN(value)) max = value;
  return { last: series.last.at(-1) ?? Number.NaN, min, max, points: series.total };
}

export function captionOf(metric: string, lines: readonly Line[]): string {
  const told = lines.slice(0, MOST_TOLD).map((line) => {
    const { last, min, max } = summaryOf(line);
    return strings.t.captionLine(line.label, formatValue(last), formatValue(min), formatValue(max));
  });
  const rest = lines.length > MOST_TOLD ? [strings.t.moreRuns(lines.length - MOST_TOLD)] : [];
  return [strings.t.caption(metric, lines.length), ...told, ...rest].join(" ");
}
