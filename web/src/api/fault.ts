import { locale, type Language } from "@/i18n/catalogue.svelte";

/** An error of the server.  `reason` has the content of frequent messages as data, for translations. */
export interface Fault {
  error_code?: string;
  message?: string;
  reason?: { key: string; values?: Record<string, string> } | null;
}

/** Translates an error; undefined if there is no translation. */
export type Tell = (fault: Fault) => string | undefined;

/** The server's messages are English. */
const OTHERS: Record<Exclude<Language, "en">, () => Promise<{ default: Tell }>> = { es: () => import("./fault.es") };

/** Return the message of an error in the current language; the English one if there is no translation. */
export async function faultText(fault: Fault): Promise<string> {
  const message = fault.message ?? "";
  if (locale.language === "en") return message;
  const tell = await OTHERS[locale.language]().catch(() => undefined); // the server may be gone by now
  return tell?.default(fault) ?? message;
}
