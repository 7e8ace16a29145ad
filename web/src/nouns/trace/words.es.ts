import type { Words } from "@/i18n/catalogue.svelte";
import type en from "./words.en";

export default {
  ok: "Correcto",
  failed: "Error",
  inProgress: "En curso",
  unset: "Sin estado",
} satisfies Words<typeof en>;
