import type { Strings } from "@/i18n/catalogue.svelte";
import type en from "./strings.en";

export default {
  displayName: "Nombre visible",
  members: "Miembros",
  noMembers: "No hay nadie en este grupo.",
  add: "Añadir un miembro",
  addAction: "Añadir",
  added: (name: string) => `Se añadió ${name}`,
  leave: (name: string) => `Quitar ${name} del grupo`,
  left: (name: string) => `Se quitó ${name}`,
  missing: (name: string) => `No hay ningún grupo ${name}`,
  toGroups: "A los grupos",
  remove: "Eliminar",
  removeTitle: (name: string) => `¿Eliminar el grupo ${name}?`,
  removeHint: "También se eliminan sus asignaciones. Los miembros se conservan. No se puede deshacer.",
  removePrompt: (name: string) => `Escriba ${name} para eliminar el grupo`,
  removeAction: "Eliminar el grupo",
  deleted: (name: string) => `Se eliminó el grupo ${name}`,
} satisfies Strings<typeof en>;
