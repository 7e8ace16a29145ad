import type { Strings } from "@/i18n/catalogue.svelte";
import { formatCount, plural } from "@/i18n/format";
import type en from "./strings.en";

export default {
  differences: "Diferencias de texto",
  same: "Los textos son iguales",
  sameLines: "Los textos solo difieren en los caracteres con los que terminan sus líneas",
  unchanged: (count: number) => `${formatCount(count)} ${plural(count) === "one" ? "línea igual" : "líneas iguales"}`,
  removed: "quitada",
  added: "añadida",
} satisfies Strings<typeof en>;
