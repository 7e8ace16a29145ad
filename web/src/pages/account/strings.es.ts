import type { Strings } from "@/i18n/catalogue.svelte";
import type en from "./strings.en";

export default {
  title: "Cuenta",
  open: "Este servidor no tiene usuarios",
  openHint: "Cualquiera con acceso a él puede hacerlo todo. El primer usuario se crea en la línea de comandos:",
  name: "Nombre de usuario",
  displayName: "Nombre",
  kind: "Permisos",
  admin: "Administrador",
  byRoles: "Según los roles",
  credential: "Sesión iniciada por",
  groups: "Grupos",
  changePassword: "Cambiar la contraseña",
  changeHint: "Se cierra la sesión en otros navegadores. Los tokens se conservan.",
  currentPassword: "Contraseña actual",
  newPassword: "Contraseña nueva",
  changedPassword: "Se cambió la contraseña",
} satisfies Strings<typeof en>;
