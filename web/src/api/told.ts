import { locale, type Language } from "@/i18n/catalogue.svelte";

/** A fault as the server tells it.  `reason` says the same as data, of faults that users meet often. */
export interface Fault {
  error_code?: string;
  message?: string;
  reason?: { key: string; values?: Record<string, string> } | null;
}

/** What a fault is called in a language; undefined where it has no words for it. */
export type Tell = (fault: Fault) => string | undefined;

/** The server's own words are English. */
const OTHERS: Record<Exclude<Language, "en">, () => Promise<{ default: Tell }>> = { es: () => import("./told.es") };

/** Return the message of a fault in the language that is shown, or the server's. */
export async function told(fault: Fault): Promise<string> {
  const message = fault.message ?? "";
  if (locale.language === "en") return message;
  const tell = await OTHERS[locale.language]().catch(() => undefined); // the server may be gone by now
  return tell?.default(fault) ?? message;
}
