import type { Words } from "@/i18n/catalogue.svelte";
import type en from "./words.en";

export default {
  title: "Espacios de trabajo",
  add: "Nuevo espacio de trabajo",
  name: "Nombre",
  nameHint: "De 2 a 63 letras, cifras, - o _",
  subscription: "Suscripción",
  subscriptionHint: "Un ID de suscripción; vacío: la del servidor",
  group: "Grupo de recursos",
  groupHint: "Vacío: default",
  description: "Descripción",
  uri: "URI de seguimiento",
  made: "Creado",
  here: "está aquí",
  create: "Crear",
  created: (name: string) => `Se creó el espacio de trabajo ${name}`,
  remove: (name: string) => `Eliminar ${name}`,
  removeHint: "El espacio de trabajo termina. No se puede deshacer.",
  restrict: "Solo si está vacío",
  cascade: "Con todos los experimentos, ejecuciones, modelos y sus registros",
  setDefault: "Mover antes su contenido al espacio predeterminado",
  prompt: (name: string) => `Escriba ${name} para eliminarlo`,
  action: "Eliminar el espacio de trabajo",
  removed: (name: string) => `Se eliminó ${name}`,
  code: "En Python:",
  openHint: "Cada espacio de trabajo tiene sus experimentos, ejecuciones, modelos y enlaces.",
} satisfies Words<typeof en>;
