import type { Words } from "@/i18n/catalogue.svelte";
import type en from "./words.en";

export default {
  past: (count: number) => (count === 1 ? "la ventana anterior" : `las ${count} ventanas anteriores`),
  between: (start: string, end: string) => `${start} a ${end}`,
} satisfies Words<typeof en>;
