import { formatCount, plural } from "@/i18n/format";
import type { Strings } from "@/i18n/catalogue.svelte";
import type en from "./strings.en";

const traces = (count: number) => (count === 1 ? "la traza" : `${formatCount(count)} trazas`);

export default {
  newIssue: "Incidencia nueva",
  ofTraces: (count) => (plural(count) === "one" ? "Incidencia de la traza" : `Incidencia de ${traces(count)}`),
  issue: "Incidencia",
  issueHint: "Una incidencia abierta del experimento, o el nombre de una nueva.",
  placeholder: "Elija o nombre una incidencia",
  name: "Nombre",
  description: "Descripción",
  severity: "Gravedad",
  create: "Crear",
  add: "Añadir",
  created: (name) => `Se creó ${name}`,
  named: (name, count) => `Se añadió ${traces(count)} a ${name}`,
  none: "ninguna",
  not_an_issue: "no es un problema",
  low: "baja",
  medium: "media",
  high: "alta",
} satisfies Strings<typeof en>;
