import type { Strings } from "@/i18n/catalogue.svelte";
import type en from "./strings.en";

export default {
  overview: "Resumen",
  workspace: "Este espacio",
  alerts: "Alertas",
  activity: "Actividad",
  server: "Servidor",
  severities: { info: "información", warning: "aviso", critical: "crítica" },
} satisfies Strings<typeof en>;
