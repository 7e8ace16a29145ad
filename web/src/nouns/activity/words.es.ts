import type { Words } from "@/i18n/catalogue.svelte";
import type en from "./words.en";

export default {
  at: "Hora",
  entity: "Tipo",
  object: "Objeto",
  action: "Qué ocurrió",
  user: "Por",
  detail: "Detalle",
} satisfies Words<typeof en>;
