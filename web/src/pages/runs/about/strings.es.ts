import type { Strings } from "@/i18n/catalogue.svelte";
import type en from "./strings.en";

export default {
  about: "Acerca del experimento",
  note: "Nota",
  noNote: "Sin nota todavía. Diga para qué es el experimento.",
  name: "Nombre",
  id: "ID del experimento",
  location: "Ubicación de los artefactos",
  created: "Creado",
  changed: "Cambiado",
  tags: "Etiquetas",
} satisfies Strings<typeof en>;
