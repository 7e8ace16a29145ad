import type { Strings } from "@/i18n/catalogue.svelte";
import type en from "./strings.en";

export default {
  find: "Buscar un nombre",
  add: "Nuevo grupo",
  none: "Aún no hay grupos",
  hint: "Un grupo tiene miembros y roles. Cada miembro puede hacer lo que permiten los roles del grupo.",
  noneFound: (text: string) => `Ningún nombre contiene «${text}»`,
  displayName: "Nombre visible",
  members: "Miembros",
  groupName: "Nombre del grupo",
  groupNameHint: "Para el inicio de sesión único, el nombre que el proveedor de identidad da al grupo.",
  create: "Crear",
  createdGroup: (name: string) => `Se creó el grupo ${name}`,
} satisfies Strings<typeof en>;
