import { strings } from "./strings";

/** The status of a run in the language that is shown. */
export function statusText(status: string): string {
  return (strings.t as Record<string, string>)[status] ?? status;
}
