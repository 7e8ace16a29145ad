import type { Words } from "@/i18n/catalogue.svelte";
import type en from "./words.en";

export default {
  overview: "Resumen",
  workspace: "Este espacio",
  alerts: "Alertas",
  activity: "Actividad",
  server: "Servidor",
} satisfies Words<typeof en>;
