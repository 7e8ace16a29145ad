import type { Strings } from "@/i18n/catalogue.svelte";
import type en from "./strings.en";

export default {
  layouts: "Disposición",
  table: "Tabla",
  split: "Dividida",
  charts: "Gráficos",
  models: "Modelos",
  traces: "Trazas",
} satisfies Strings<typeof en>;
