import type { Strings } from "@/i18n/catalogue.svelte";
import type en from "./strings.en";

export default {
  ofPrincipal: "Nombre de un usuario o grupo",
  anybody: "cualquiera",
  at: "En un ámbito y dentro de él",
  anywhere: "en todas partes",
  hint: "Una asignación da un rol a una entidad de seguridad en un ámbito. Vale en todo lo que está dentro de ese ámbito.",
} satisfies Strings<typeof en>;
