import type { Strings } from "@/i18n/catalogue.svelte";
import { formatCount, plural } from "@/i18n/format";
import type en from "./strings.en";

export default {
  none: "Ninguna entrada coincide",
  all: "Todas las entradas",
  empty: "Todavía no hay entradas",
  emptyHint: "Se registran los cambios de usuarios, tokens y roles, los inicios de sesión y las llamadas denegadas.",
  verify: "Verificar",
  whole: (count: number) =>
    `El registro está íntegro: ${formatCount(count)} ${plural(count) === "one" ? "entrada está" : "entradas están"} como se escribieron`,
  broken: (fault: string) => `El registro se modificó: ${fault}`,
  export: "Exportar",
  formats: { jsonl: "JSON por líneas", csv: "CSV", syslog: "Syslog (RFC 5424)" },
  at: "Hora",
  actor: "Usuario",
  credential: "Credencial",
  action: "Acción",
  object: "Objeto",
  workspace: "Espacio de trabajo",
  outcome: "Resultado",
  outcomes: { allowed: "permitido", denied: "denegado", failed: "fallido" },
  reason: "Motivo",
  route: "Llamada",
  address: "Dirección",
  agent: "Cliente",
  hash: "Hash",
  previous: "Hash anterior",
  detail: "detalle",
  details: (seq: number) => `Entrada ${seq}`,
  any: "cualquiera",
  clear: "Quitar los filtros",
  filters: {
    actor: "Usuario",
    action: "Acción, o su comienzo con un punto",
    outcome: "Resultado",
    workspace: "Espacio de trabajo",
    object_type: "Tipo de objeto",
    object_id: "Objeto",
    since: "Desde",
    until: "Antes de",
  },
} satisfies Strings<typeof en>;
