import type { Words } from "@/i18n/catalogue.svelte";
import type en from "./words.en";

export default {
  title: "Webhooks",
  add: "Nuevo webhook",
  none: "Todavía no hay webhooks",
  noneHint:
    "Un webhook envía una petición firmada a una dirección suya cuando ocurre algo: una ejecución falló, una versión cambió de fase. Un receptor para probarlo:",
  name: "Nombre",
  nameHint: "Letras, cifras, puntos, guiones; menos de 63 caracteres",
  url: "Dirección",
  urlHint: "El servidor la llama con POST",
  events: "Eventos",
  secret: "Secreto",
  secretHint: "Con él se firman las peticiones. Se guarda cifrado y no se vuelve a mostrar.",
  status: "Estado",
  active: "Activo",
  disabled: "Desactivado",
  pending: "En espera",
  dead: "Abandonadas",
  changed: "Cambiado",
  create: "Crear",
  needsEvents: "Elija un evento",
  created: (name: string) => `Se creó el webhook ${name}`,
} satisfies Words<typeof en>;
