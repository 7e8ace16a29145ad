import type { Words } from "@/i18n/catalogue.svelte";
import { formatCount, plural } from "@/i18n/format";
import type en from "./words.en";

export default {
  title: "Modelos",
  count: (count: number) => `${formatCount(count)} ${plural(count) === "one" ? "modelo" : "modelos"}`,
  name: "Nombre",
  version: "Última versión",
  changed: "Cambiado",
  description: "Descripción",
  none: "Todavía no hay modelos registrados",
  noneHint: "Registre el modelo de una ejecución; desde entonces tiene versiones, alias e historial:",
} satisfies Words<typeof en>;
