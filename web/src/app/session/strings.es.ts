import type { Strings } from "@/i18n/catalogue.svelte";
import type en from "./strings.en";

export default {
  title: "Iniciar sesión",
  with: (provider: string) => `Iniciar sesión con ${provider}`,
  or: "o con una contraseña",
  name: "Nombre de usuario",
  password: "Contraseña",
  mustChange: "Ha iniciado sesión con una contraseña de un solo uso. Elija la contraseña que usará a partir de ahora.",
  newPassword: "Contraseña nueva",
  newPasswordHint: "12 caracteres o más",
  change: "Cambiar e iniciar sesión",
  show: "Mostrar la contraseña",
  hide: "Ocultar la contraseña",
  capsLock: "Bloq Mayús está activado",
  wrong: "El nombre de usuario o la contraseña no son correctos.",
  noCookie: "El navegador no guardó la cookie de la sesión. Permita las cookies de este sitio y vuelva a intentarlo.",
} satisfies Strings<typeof en>;
