import type { Strings } from "@/i18n/catalogue.svelte";
import { formatCount } from "@/i18n/format";
import type en from "./strings.en";

export default {
  range: "Tiempo",
  ranges: {
    hour: "Última hora",
    day: "Últimas 24 horas",
    week: "Últimos 7 días",
    month: "Últimos 30 días",
    year: "Último año",
  },
  by: "Por",
  groups: { all: "Todas", name: "Nombre", model: "Modelo", user: "Usuario" },
  traces: "Trazas",
  calls: "Llamadas a modelos",
  errors: "Errores",
  latency: "Latencia",
  latencyP95: "Latencia, percentil 95",
  tokens: "Tokens",
  cost: "Coste",
  assessments: "Valoraciones, media",
  all: "todas",
  p50: "mediana",
  p95: "percentil 95",
  input: "entrada",
  output: "salida",
  total: "total",
  shown: (shown, all) => `Se muestran los ${formatCount(shown)} más frecuentes de ${formatCount(all)}.`,
  none: "No hay trazas en este tiempo",
  noneOf: {
    all: "",
    name: "Ninguna traza de este tiempo tiene nombre.",
    model: "Ningún tramo de este tiempo nombra un modelo.",
    user: "Ninguna traza de este tiempo nombra un usuario. Indique los metadatos mlflow.trace.user.",
  },
  noValues: "nada en este tiempo",
} satisfies Strings<typeof en>;
