import type { Strings } from "@/i18n/catalogue.svelte";
import type en from "./strings.en";

export default {
  prompt: "Instrucción",
  wholeText: "texto de la instrucción",
  message: (number: number) => `mensaje ${number}`,
  responseFormat: "Formato de respuesta",
  modelConfig: "Configuración del modelo",
  variables: "Variables",
  none: "ninguna",
  use: "Uso",
  newPrompt: "Nueva instrucción",
  newVersion: "Nueva versión",
  newVersionOf: (name: string) => `Nueva versión de ${name}`,
  create: "Crear",
  name: "Nombre",
  text: "Texto",
  textHint: "{{ name }} es una variable, que el código rellena.",
  chatHint: 'Una lista de mensajes en JSON: [{"role": "user", "content": "{{ question }}"}]',
  commitMessage: "Mensaje del cambio",
} satisfies Strings<typeof en>;
