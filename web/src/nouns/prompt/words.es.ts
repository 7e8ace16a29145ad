import type { Words } from "@/i18n/catalogue.svelte";
import type en from "./words.en";

export default {
  prompt: "Instrucción",
  wholeText: "texto de la instrucción",
  message: (number: number) => `mensaje ${number}`,
  responseFormat: "Formato de respuesta",
  modelConfig: "Configuración del modelo",
  variables: "Variables",
  none: "ninguna",
  use: "Uso",
} satisfies Words<typeof en>;
