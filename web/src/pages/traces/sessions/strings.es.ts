import type { Strings } from "@/i18n/catalogue.svelte";
import { formatCount, plural } from "@/i18n/format";
import type en from "./strings.en";

export default {
  title: "Sesiones",
  find: "Buscar una sesión o un usuario",
  noneFound: "Ninguna sesión tiene este texto",
  empty: "Todavía no hay sesiones",
  emptyHint:
    "Una sesión reúne las trazas de una conversación. Indique su id y su usuario dentro de una función trazada; cada llamada aparece aquí en orden:",
  session: "Sesión",
  firstRequest: "Primera petición",
  user: "Usuario",
  traces: "Trazas",
  errors: "Errores",
  tokens: "Tokens",
  tokenCount: (count) => `${formatCount(count)} tokens`,
  cost: "Coste",
  duration: "Tiempo empleado",
  newest: "Más reciente",
  all: "Todas las sesiones",
  sessionId: "id de la sesión",
  count: (count) => `${formatCount(count)} ${plural(count) === "one" ? "traza" : "trazas"}`,
  asList: "Mostrar en la lista",
  missing: (session) => `Ninguna traza tiene la sesión ${session}`,
  missingHint: "Puede que se hayan eliminado las trazas de esta sesión.",
  open: "Abrir la traza",
  request: "Petición",
  response: "Respuesta",
  noResponse: "sin respuesta",
} satisfies Strings<typeof en>;
