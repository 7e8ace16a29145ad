import type { Words } from "@/i18n/catalogue.svelte";
import type en from "./words.en";

export default {
  title: "Iniciar sesión",
  with: (provider: string) => `Iniciar sesión con ${provider}`,
  or: "o con una contraseña",
  name: "Nombre de usuario",
  password: "Contraseña",
  show: "Mostrar la contraseña",
  hide: "Ocultar la contraseña",
  capsLock: "Bloq Mayús está activado",
  wrong: "El nombre de usuario o la contraseña no son correctos.",
  noCookie: "El navegador no guardó la cookie de la sesión. Permita las cookies de este sitio y vuelva a intentarlo.",
} satisfies Words<typeof en>;
