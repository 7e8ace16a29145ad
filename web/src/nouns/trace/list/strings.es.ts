import type { Strings } from "@/i18n/catalogue.svelte";
import { formatCount, plural } from "@/i18n/format";
import type en from "./strings.en";

const traces = (count: number): string => `${formatCount(count)} ${plural(count) === "one" ? "traza" : "trazas"}`;

export default {
  title: "Trazas",
  count: (count, isMore) => (isMore ? `las primeras ${traces(count)}` : traces(count)),
  chosen: (count) => `${formatCount(count)} elegidas`,
  filter: "Filtro",
  inText: "Buscar en las trazas",
  filterHint: "Palabras, o status = 'ERROR' AND span.name = 'retrieve' AND execution_time > 1000",
  apply: "Aplicar",
  clearFilter: "Quitar el filtro",
  select: "Elegir",
  choose: (name) => `Elegir ${name}`,
  none: "No elegir ninguna",
  compare: "Comparar",
  addToDataset: "Añadir a un conjunto",
  addToQueue: "Añadir a una cola de revisión",
  code: "Copiar como código",
  asPython: "Copiar como Python",
  asCurl: "Copiar como curl",
  copied: "Código copiado",
  notCopied: "El navegador no permite copiar a esta página. Seleccione el texto y cópielo.",
  addIssue: "Añadir una incidencia",
  remove: "Mover a la papelera",
  removed: (count) => `Se movieron a la papelera: ${traces(count)}`,
  noneFound: "Ninguna traza cumple el filtro",
  time: "Hora",
  name: "Nombre",
  state: "Estado",
  latency: "Latencia",
  tokens: "Tokens",
  cost: "Coste",
  request: "Petición",
  response: "Respuesta",
  feedback: "Valoraciones",
  session: "Sesión",
  user: "Usuario",
  ofSession: (session) => `Todas las trazas de la sesión ${session}`,
} satisfies Strings<typeof en>;
