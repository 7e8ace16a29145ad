import type { Strings } from "@/i18n/catalogue.svelte";
import type en from "./strings.en";

export default {
  badge: "Retención legal",
  action: "Retención legal…",
  title: "Retención legal",
  about: "Nada elimina lo retenido, lo que contiene ni sus archivos hasta que se quite la retención.",
  none: "No hay retención sobre esto ni sobre lo que lo contiene.",
  reason: "Motivo",
  reasonHint: "Por ejemplo, el número de un caso",
  until: "Termina el (opcional)",
  place: "Poner la retención",
  remove: "Quitar",
  placed: "La retención está puesta",
  removed: "La retención está quitada",
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
