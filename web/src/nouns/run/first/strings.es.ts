import type { Strings } from "@/i18n/catalogue.svelte";
import type en from "./strings.en";

export default {
  variables: "El código que registra con MLflow no cambia. Indique dónde registra y ejecútelo:",
  try: "Para probarlo, ejecute esto en Python:",
  token: "Los clientes inician sesión con un token en la variable MLFLOW_TRACKING_TOKEN.",
  makeToken: "Crear un token",
  waiting: "La ejecución aparece aquí sin recargar la página.",
} satisfies Strings<typeof en>;
