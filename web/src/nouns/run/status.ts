import { words } from "./words";

/** The status of a run in the language that is shown. */
export function statusText(status: string): string {
  return (words.t as Record<string, string>)[status] ?? status;
}
