import type { Strings } from "@/i18n/catalogue.svelte";
import { formatCount, plural } from "@/i18n/format";
import type en from "./strings.en";

export default {
  title: "Modelos",
  count: (count: number, more: boolean) =>
    `${formatCount(count)}${more ? "+" : ""} ${plural(count) === "one" && !more ? "modelo" : "modelos"}`,
  promptCount: (count: number, more: boolean) =>
    `${formatCount(count)}${more ? "+" : ""} ${plural(count) === "one" && !more ? "instrucción" : "instrucciones"}`,
  kinds: "Modelos e instrucciones",
  prompts: "Instrucciones",
  noPrompts: "Todavía no hay instrucciones",
  noPromptsHint: "Una instrucción tiene versiones y alias como un modelo:",
  name: "Nombre",
  version: "Última versión",
  aliases: "Alias",
  stages: "Fases",
  changed: "Cambiado",
  description: "Descripción",
  find: "Buscar modelos",
  more: "Mostrar más",
  none: "Todavía no hay modelos registrados",
  noneHint: "Registre el modelo de una ejecución; desde entonces tiene versiones, alias e historial:",
  noneFound: (text: string) => `Ningún modelo tiene «${text}» en su nombre`,
  clear: "Mostrar todos los modelos",
} satisfies Strings<typeof en>;
