import type { Strings } from "@/i18n/catalogue.svelte";
import type en from "./strings.en";

export default {
  title: "Actividad",
  none: "Ningún cambio coincide",
  noneYet: "Todavía no ha cambiado nada",
  any: "cualquiera",
  entity: "Tipo",
  entityId: "Objeto",
  user: "Por",
  clear: "Quitar los filtros",
} satisfies Strings<typeof en>;
