import type { Words } from "@/i18n/catalogue.svelte";
import type en from "./words.en";

export default {
  title: "Deriva",
  name: "Monitor",
  target: "Objetivo",
  window: "Ventana",
  rules: "Reglas",
  state: "Estado",
  last: "Última ventana",
  windows: { hour: "hora", day: "día", week: "semana", month: "mes" },
  stable: "Estable",
  noWindows: "Aún sin ventanas",
  incidents: (count: string) => `${count} abiertas`,
  none: "Aún no hay monitores",
  noneHint:
    "Un monitor compara lo que recibe un endpoint con una referencia, como los datos de entrenamiento, y dice qué columnas derivan.",
  add: "Nuevo monitor",
  nameHint: "Letras, cifras, puntos, guiones y guiones bajos.",
  endpoint: "Endpoint",
  endpointHint: "Su registro de peticiones debe estar activo: el monitor compara lo que se registró.",
  noEndpoints: "No hay endpoints. Despliegue un modelo, o vigile una tabla con: trackside monitor create --table",
  baseline: "Referencia",
  baselines: {
    file: "Un archivo de este ordenador",
    table: "Un archivo de una ejecución o del servidor",
    dataset: "Un conjunto de evaluación",
    past: "Las ventanas anteriores",
  },
  file: "Archivo Parquet o CSV",
  place: "Lugar",
  placeHint: "runs:/RUN/PATH, o una ruta bajo --job-folders del servidor.",
  dataset: "Nombre del conjunto",
  past: "Cuántas ventanas",
  create: "Crear",
  created: (name: string) => `Se creó el monitor ${name}`,
  needsFile: "Elija un archivo.",
} satisfies Words<typeof en>;
