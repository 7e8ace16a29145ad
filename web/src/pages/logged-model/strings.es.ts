import type { Strings } from "@/i18n/catalogue.svelte";
import type en from "./strings.en";

export default {
  experiments: "Experimentos",
  models: "Modelos",
  states: {
    LOGGED_MODEL_READY: "Listo",
    LOGGED_MODEL_PENDING: "Aún incompleto",
    LOGGED_MODEL_UPLOAD_FAILED: "La subida falló",
  },
  sections: "Secciones del modelo",
  overview: "Resumen",
  artifacts: "Artefactos",
  modelId: "ID del modelo",
  status: "Estado",
  type: "Tipo",
  made: "Creado",
  run: "Ejecución",
  registered: "Registrado como",
  metrics: "Métricas",
  params: "Parámetros",
  tags: "Etiquetas",
  name: "Nombre",
  value: "Valor",
  dataset: "Conjunto de datos",
  none: "Este modelo no tiene métricas ni parámetros",
  note: "Nota",
  noNote: "Sin nota todavía. Diga para qué sirve el modelo.",
  missing: (id: string) => `No existe el modelo (logged model) ${id}`,
} satisfies Strings<typeof en>;
