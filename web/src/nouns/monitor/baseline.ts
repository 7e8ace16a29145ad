import { formatCount, formatDate } from "@/i18n/format";
import type { Monitor } from "./monitor";
import { strings } from "./strings";

/** What a monitor compares with: the name of a dataset, run or table, or which windows of the past. */
export function baselineText({ baseline }: Monitor): string {
  const { dataset, table, run, past_windows, since, until } = baseline as Record<string, string | number | undefined>;
  if (past_windows) return strings.t.past(Number(past_windows));
  if (since && until) return strings.t.between(formatDate(Number(since)), formatDate(Number(until)));
  return [run, dataset, table].filter(Boolean).join(" ");
}

/** What the server says that a window is compared with, and which formula a signal is of, in the language that is shown. */
export function referenceText(text: string): string {
  const [, count, kind] = /^(\d+) windows of the (past|same weekdays)$/.exec(text) ?? [];
  if (count !== undefined) return kind === "past" ? strings.t.ofPast(count) : strings.t.ofWeekdays(count);
  return strings.t.references[text as keyof typeof strings.t.references] ?? text;
}

export function variantText(text: string): string {
  return strings.t.variants[text as keyof typeof strings.t.variants] ?? text;
}

/** What the server notes about a window. */
export function noteText(text: string): string {
  const [, rows, times] = /^The baseline has ([\d,]+) rows, less than (\d+) times those of the window/.exec(text) ?? [];
  if (rows !== undefined && times !== undefined) {
    return strings.t.smallBaseline(formatCount(Number(rows.replaceAll(",", ""))), times);
  }
  return strings.t.notes[text as keyof typeof strings.t.notes] ?? text;
}
