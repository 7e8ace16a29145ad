import type { Strings } from "@/i18n/catalogue.svelte";
import type en from "./strings.en";

export default {
  ok: "Correcto",
  failed: "Error",
  inProgress: "En curso",
  unset: "Sin estado",
} satisfies Strings<typeof en>;
