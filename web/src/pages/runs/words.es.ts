import type { Words } from "@/i18n/catalogue.svelte";
import { formatCount, plural } from "@/i18n/format";
import type en from "./words.en";

export default {
  count: (count: number) => `${formatCount(count)} ${plural(count) === "one" ? "ejecución" : "ejecuciones"}`,
  name: "Nombre",
  status: "Estado",
  started: "Inicio",
  duration: "Duración",
  none: "Todavía no hay ejecuciones",
  noneHint: "Registre una primera ejecución en este experimento:",
} satisfies Words<typeof en>;
