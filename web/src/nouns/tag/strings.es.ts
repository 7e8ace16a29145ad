import type { Strings } from "@/i18n/catalogue.svelte";
import type en from "./strings.en";

export default {
  key: "Etiqueta",
  value: "Valor",
  none: "Sin etiquetas",
  add: "Añadir etiqueta",
  save: "Guardar",
  cancel: "Cancelar",
  edit: (key: string) => `Editar la etiqueta ${key}`,
  remove: (key: string) => `Quitar la etiqueta ${key}`,
  removed: (key: string) => `Etiqueta ${key} quitada`,
  needsKey: "Dé un nombre a la etiqueta",
} satisfies Strings<typeof en>;
