import type { Strings } from "@/i18n/catalogue.svelte";
import type en from "./strings.en";

export default {
  title: "Endpoints",
  name: "Nombre",
  state: "Estado",
  serves: "Versiones y tráfico",
  changed: "Cambiado",
  requests: "Peticiones (1 h)",
  errors: "Errores (1 h)",
  p95: "p95 (1 h)",
  none: "Aún no hay endpoints",
  noneHint: "Un endpoint sirve un modelo registrado por HTTP. Elija una versión de un modelo para crear uno.",
  toModels: "A los modelos",
} satisfies Strings<typeof en>;
