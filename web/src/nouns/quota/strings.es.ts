import type { Strings } from "@/i18n/catalogue.svelte";
import type en from "./strings.en";

export default {
  of: "De",
  measure: "Límite de",
  used: "Usado",
  measures: {
    runs: "ejecuciones",
    points: "puntos de métricas",
    bytes: "artefactos",
    endpoints: "endpoints",
    jobs: "trabajos activos",
  },
  scopes: {
    workspace: "espacio de trabajo",
    server: "todos los espacios de trabajo",
    user: "usuario",
    experiment: "experimento",
  },
  each: { user: "cada usuario", experiment: "cada experimento" },
  levels: { warning: "casi agotada", exceeded: "agotada" },
  usedOf: (used: string, limit: string) => `${used} de ${limit}`,
} satisfies Strings<typeof en>;
