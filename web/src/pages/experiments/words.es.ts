import type { Words } from "@/i18n/catalogue.svelte";
import { formatCount, plural } from "@/i18n/format";
import type en from "./words.en";

export default {
  title: "Experimentos",
  count: (count: number) => `${formatCount(count)} ${plural(count) === "one" ? "experimento" : "experimentos"}`,
  name: "Nombre",
  created: "Creado",
  changed: "Cambiado",
  tags: "Etiquetas",
  id: "ID",
  find: "Buscar experimentos",
  none: "Todavía no hay experimentos",
  noneHint:
    "Registre una primera ejecución en este espacio de trabajo. Cualquier cliente de MLflow sirve, sin cambios:",
  noneFound: (text: string) => `Ningún experimento tiene «${text}» en su nombre`,
  more: "Mostrar más",
} satisfies Words<typeof en>;
