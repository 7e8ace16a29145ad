import type { Strings } from "@/i18n/catalogue.svelte";
import { counted, formatCount, plural } from "@/i18n/format";
import type en from "./strings.en";

export default {
  each: { user: "cada usuario", experiment: "cada experimento" },
  figures: "De un vistazo",
  runs: "Ejecuciones",
  running: (count: string) => `${count} en curso`,
  ended: "Terminadas hoy",
  failed: counted("fallida", "fallidas"),
  experiments: "Experimentos",
  models: "Modelos registrados",
  jobs: "Trabajos",
  jobsNote: (waiting: number, failed: number) =>
    `${formatCount(waiting)} en espera, ${counted("fallido", "fallidos")(failed)}`,
  jobWait: (time: string) => `el más antiguo espera desde hace ${time}`,
  deliveries: "Entregas en espera",
  givenUp: (count: string) => `${count} abandonadas`,
  changes: "Cambios de hoy",
  firing: "Alertas",
  noneFiring: (rules: number) =>
    rules === 0
      ? "Todavía no hay reglas de alerta"
      : plural(rules) === "one"
        ? "1 regla, sin alerta"
        : `${formatCount(rules)} reglas, ninguna con alerta`,
  toAlerts: "Alertas y canales",
  rule: "Regla",
  value: "Valor",
  threshold: "Umbral",
  since: "Desde",
  quotas: "Cuotas",
  noQuotas: "Sin cuotas: nada está limitado",
  setQuota: "Fijar una cuota",
  removeQuota: "Quitar",
  quotaSet: "La cuota está fijada",
  quotaRemoved: (measure: string) => `Se quitó la cuota de ${measure}`,
  scope: "De",
  subject: "Nombre o id, o * para cada uno",
  measure: "Límite de",
  limit: "Límite",
  limitHint: "Por ejemplo 5000, 50M o 10 GiB",
  badLimit: "Debe ser un número, por ejemplo 5000, 50M o 10 GiB",
  apply: "Fijar",
  endpoints: "Endpoints",
  endpoint: "Endpoint",
  healthy: "Despliegues sanos",
  requests: "Peticiones (1 h)",
  errors: "Errores (1 h)",
  p95: "p95 (1 h)",
  links: "Enlaces",
  link: "Enlace",
  waiting: "En espera",
  linkFailed: "Fallidos",
  lag: "Retraso",
  recent: "Cambios recientes",
  toActivity: "Toda la actividad",
} satisfies Strings<typeof en>;
