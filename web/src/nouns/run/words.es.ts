import type { Words } from "@/i18n/catalogue.svelte";
import type en from "./words.en";

export default {
  RUNNING: "En curso",
  SCHEDULED: "Programada",
  FINISHED: "Terminada",
  FAILED: "Fallida",
  KILLED: "Detenida",
} satisfies Words<typeof en>;
