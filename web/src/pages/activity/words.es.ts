import type { Words } from "@/i18n/catalogue.svelte";
import type en from "./words.en";

export default {
  title: "Actividad",
  none: "Ningún cambio coincide",
  noneYet: "Todavía no ha cambiado nada",
  any: "cualquiera",
  entity: "Tipo",
  entityId: "Objeto",
  user: "Por",
  clear: "Quitar los filtros",
} satisfies Words<typeof en>;
