import type { Words } from "@/i18n/catalogue.svelte";
import type en from "./words.en";

export default {
  prompt: "Instrucción",
  variables: "Variables",
  none: "ninguna",
  use: "Uso",
} satisfies Words<typeof en>;
