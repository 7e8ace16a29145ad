import type { Strings } from "@/i18n/catalogue.svelte";
import type en from "./strings.en";

export default {
  hint: "Un rol permite acciones. Vale donde se asigna a un usuario, un grupo o una entidad de servicio.",
  add: "Nuevo rol",
  kind: "Tipo",
  custom: "propio",
  builtIn: "integrado",
  description: "Permite",
  actions: "Acciones",
} satisfies Strings<typeof en>;
