import { formatDate } from "@/i18n/format";
import type { Monitor } from "./monitor";
import { words } from "./words";

/** What a monitor compares with: the name of a dataset, run or table, or which windows of the past. */
export function baselineText({ baseline }: Monitor): string {
  const { dataset, table, run, past_windows, since, until } = baseline as Record<string, string | number | undefined>;
  if (past_windows) return words.t.past(Number(past_windows));
  if (since && until) return words.t.between(formatDate(Number(since)), formatDate(Number(until)));
  return [run, dataset, table].filter(Boolean).join(" ");
}
