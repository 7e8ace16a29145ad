import type { Words } from "@/i18n/catalogue.svelte";
import type en from "./words.en";

export default {
  layouts: "Disposición",
  table: "Tabla",
  split: "Dividida",
  charts: "Gráficos",
} satisfies Words<typeof en>;
