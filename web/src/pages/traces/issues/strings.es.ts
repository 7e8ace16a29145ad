import type { Strings } from "@/i18n/catalogue.svelte";
import type en from "./strings.en";

export default {
  title: "Incidencias",
  empty: "No hay incidencias",
  emptyHint: "Una incidencia describe un problema que muestran las trazas. Una traza la nombra con una valoración.",
  noneFound: "Ninguna incidencia tiene este estado",
  newIssue: "Incidencia nueva",
  name: "Nombre",
  description: "Descripción",
  severity: "Gravedad",
  status: "Estado",
  traces: "Trazas",
  changed: "Cambiada",
  any: "cualquiera",
  none: "ninguna",
  pending: "pendiente",
  rejected: "descartada",
  resolved: "resuelta",
  not_an_issue: "no es un problema",
  low: "baja",
  medium: "media",
  high: "alta",
  statusOf: (name) => `Estado de ${name}`,
  isNow: (name, status) => `${name}: ${status}`,
} satisfies Strings<typeof en>;
