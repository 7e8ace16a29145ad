import { locale } from "@/i18n/catalogue.svelte";
import { formatCount, formatDuration } from "@/i18n/format";
import { formatValue } from "@/i18n/format";
import type { XKind } from "../scene/plot";
import { strings } from "../strings";

/** A place on x in strings, for tooltips and tables. */
export function formatX(kind: XKind, x: number): string {
  if (kind === "step") return formatCount(x);
  if (kind === "relative") return formatDuration(x);
  if (kind === "metric") return formatValue(x);
  return new Intl.DateTimeFormat(locale.tag, { dateStyle: "medium", timeStyle: "medium" }).format(x);
}

export function xLabel(kind: XKind, key: string): string {
  return kind === "metric" ? key : strings.t[kind];
}
