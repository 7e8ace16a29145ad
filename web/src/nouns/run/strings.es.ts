import type { Strings } from "@/i18n/catalogue.svelte";
import type en from "./strings.en";

export default {
  RUNNING: "En curso",
  SCHEDULED: "Programada",
  FINISHED: "Terminada",
  FAILED: "Fallida",
  KILLED: "Detenida",
} satisfies Strings<typeof en>;
