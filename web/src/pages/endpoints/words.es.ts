import type { Words } from "@/i18n/catalogue.svelte";
import type en from "./words.en";

export default {
  title: "Endpoints",
  name: "Nombre",
  state: "Estado",
  serves: "Versiones y tráfico",
  changed: "Cambiado",
  none: "Aún no hay endpoints",
  noneHint: "Un endpoint sirve un modelo registrado por HTTP. Abra una versión de un modelo y pulse Desplegar.",
  toModels: "A los modelos",
} satisfies Words<typeof en>;
