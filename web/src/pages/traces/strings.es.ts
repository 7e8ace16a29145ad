import type { Strings } from "@/i18n/catalogue.svelte";
import type en from "./strings.en";

export default {
  title: "Trazas",
  experiments: "Experimentos",
  views: "Vista",
  list: "Lista",
  sessions: "Sesiones",
  charts: "Gráficos",
  datasets: "Conjuntos",
  reviews: "Revisiones",
  issues: "Incidencias",
  empty: "Todavía no hay trazas",
  emptyHint: "Una función con @mlflow.trace, o una biblioteca con registro automático, envía aquí sus llamadas:",
  otlpHint: "También sirve OpenTelemetry: envíe los tramos a /v1/traces con la cabecera x-mlflow-experiment-id.",
} satisfies Strings<typeof en>;
