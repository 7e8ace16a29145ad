import type { Strings } from "@/i18n/catalogue.svelte";
import type en from "./strings.en";

export default {
  title: "Sintaxis de los filtros",
  intro: "Aquí valen los filtros de search_runs de MLflow, y otros más. Elija un ejemplo para empezar:",
  metrics: "Métricas",
  params: "Parámetros",
  tags: "Etiquetas y conjuntos de datos",
  attributes: "Nombre, estado, tiempos",
  joined: "Combinados",
  rules:
    "Los textos van entre comillas; los números, no. % es cualquier texto, ILIKE no distingue mayúsculas, y las duraciones y los tiempos son milisegundos. Los nombres con espacios van entre acentos graves: metrics.`val loss`.",
} satisfies Strings<typeof en>;
