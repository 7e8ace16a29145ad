import type { Words } from "@/i18n/catalogue.svelte";
import type en from "./words.en";

export default {
  layouts: "Disposición",
  table: "Tabla",
  split: "Dividida",
  charts: "Gráficos",
  models: "Modelos",
  traces: "Trazas",
} satisfies Words<typeof en>;
