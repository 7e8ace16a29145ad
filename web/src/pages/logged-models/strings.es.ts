import type { Strings } from "@/i18n/catalogue.svelte";
import { formatCount, plural } from "@/i18n/format";
import type en from "./strings.en";

export default {
  experiments: "Experimentos",
  title: "Modelos",
  count: (count, isMore) =>
    `${isMore ? "los primeros " : ""}${formatCount(count)} ${plural(count) === "one" ? "modelo" : "modelos"}`,
  find: "Un nombre, o metrics.accuracy > 0.9",
  name: "Nombre",
  made: "Creado",
  status: "Estado",
  run: "Ejecución",
  registered: "Registrado como",
  onDataset: (metric, dataset) => `${metric} (${dataset})`,
  none: "Ningún modelo de una ejecución",
  noneHint:
    "Un modelo aparece aquí en cuanto una ejecución guarda uno con MLflow 3, con sus parámetros y sus métricas por conjunto de datos:",
  noneFound: "Ningún modelo cumple el filtro",
  clear: "Quitar el filtro",
  more: "Mostrar más",
  moreMetrics: (shown, all) =>
    `Las primeras ${formatCount(shown)} de ${formatCount(all)} métricas y parámetros; la página de un modelo los tiene todos.`,
} satisfies Strings<typeof en>;
