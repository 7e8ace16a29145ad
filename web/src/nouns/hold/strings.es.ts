import type { Strings } from "@/i18n/catalogue.svelte";
import type en from "./strings.en";

export default {
  badge: "Retención legal",
  action: "Retención legal…",
  title: "Retención legal",
  about: "Mientras dure la retención no se pueden eliminar el elemento, su contenido ni sus archivos.",
  none: "No hay retención sobre esto ni sobre lo que lo contiene.",
  reason: "Motivo",
  reasonHint: "Por ejemplo, el número de un caso",
  until: "Termina el (opcional)",
  place: "Aplicar la retención",
  remove: "Quitar",
  placed: "Se aplicó la retención",
  removed: "Se retiró la retención",
  by: (name: string) => `por ${name}`,
  kinds: {
    run: "Ejecución",
    experiment: "Experimento",
    logged_model: "Modelo de ejecución",
    registered_model: "Modelo registrado",
    model_version: "Versión de modelo",
    workspace: "Espacio de trabajo",
  } as Record<string, string>,
} satisfies Strings<typeof en>;
