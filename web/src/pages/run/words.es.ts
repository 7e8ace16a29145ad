import type { Words } from "@/i18n/catalogue.svelte";
import type en from "./words.en";

export default {
  params: "Parámetros",
  metrics: "Métricas",
  tags: "Etiquetas",
  name: "Nombre",
  value: "Valor",
  runId: "ID de la ejecución",
  none: "Nada registrado",
  points: (shown: number, all: number) => (shown === all ? `${all} puntos` : `${shown} de ${all} puntos`),
} satisfies Words<typeof en>;
