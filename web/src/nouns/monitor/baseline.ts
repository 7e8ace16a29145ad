import { formatCount, formatDate } from "@/i18n/format";
import type { Monitor } from "./monitor";
import { words } from "./words";

/** What a monitor compares with: the name of a dataset, run or table, or which windows of the past. */
export function baselineText({ baseline }: Monitor): string {
  const { dataset, table, run, past_windows, since, until } = baseline as Record<string, string | number | undefined>;
  if (past_windows) return words.t.past(Number(past_windows));
  if (since && until) return words.t.between(formatDate(Number(since)), formatDate(Number(until)));
  return [run, dataset, table].filter(Boolean).join(" ");
}

/** What the server says that a window is compared with, and which formula a signal is of, in the language that is shown. */
export function referenceText(text: string): string {
  const [, count, kind] = /^(\d+) windows of the (past|same weekdays)$/.exec(text) ?? [];
  if (count !== undefined) return kind === "past" ? words.t.ofPast(count) : words.t.ofWeekdays(count);
  return words.t.references[text as keyof typeof words.t.references] ?? text;
}

export function variantText(text: string): string {
  return words.t.variants[text as keyof typeof words.t.variants] ?? text;
}

/** What the server notes about a window. */
export function noteText(text: string): string {
  const [, rows, times] = /^The baseline has ([\d,]+) rows, less than (\d+) times those of the window/.exec(text) ?? [];
  if (rows !== undefined && times !== undefined) {
    return words.t.smallBaseline(formatCount(Number(rows.replaceAll(",", ""))), times);
  }
  return words.t.notes[text as keyof typeof words.t.notes] ?? text;
}
