import type { Words } from "@/i18n/catalogue.svelte";
import type en from "./words.en";

export default {
  models: "Modelos",
  title: (left: string, right: string) => `Versión ${left} y versión ${right}`,
  onlyDifferences: "Solo diferencias",
  version: (version: string) => `Versión ${version}`,
  what: "Qué",
  about: "Acerca de",
  metrics: "Métricas",
  params: "Parámetros",
  signature: "Firma",
  tags: "Etiquetas",
  same: "Sin diferencias",
  stage: "fase",
  aliases: "alias",
  description: "descripción",
  run: "ejecución",
  flavors: "variantes",
  size: "tamaño",
  mlflow: "MLflow",
  swap: "Intercambiar",
} satisfies Words<typeof en>;
