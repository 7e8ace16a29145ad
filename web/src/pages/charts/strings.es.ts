import type { Strings } from "@/i18n/catalogue.svelte";
import { formatCount } from "@/i18n/format";
import type en from "./strings.en";

export default {
  experiments: "Experimentos",
  several: (count: number) => `${formatCount(count)} experimentos`,
  charts: "Gráficos",
  system: "Métricas del sistema",
  views: "Vistas del experimento",
  runs: "Ejecuciones",
  noExperiment: "No hay ningún experimento elegido",
  noExperimentHint: 'La dirección nombra experimentos así: #/charts?experiments=["1","2"].',
  newest: (shown: number, total: number) =>
    `Las ${formatCount(shown)} ejecuciones más recientes de ${formatCount(total)}`,
  noRunsHint: "Se dibuja un gráfico por cada métrica que registra una ejecución.",
  noneFound: "Ninguna ejecución coincide con el filtro",
  noRuns: "Todavía no hay ejecuciones",
} satisfies Strings<typeof en>;
